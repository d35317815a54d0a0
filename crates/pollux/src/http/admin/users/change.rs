//! `PATCH /admin/users/{id}`: changes what is said of a user.

use axum::Json;
use axum::body::Body;
use axum::extract::State;

use super::{User, expiry};
use crate::access::{UserChange, WEIGHTS};
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::UserId;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;

/// Changes any of `name`, `private`, `weight` and `expires_at`; null takes the expiry away.
pub(in crate::http::admin) async fn change(
    _: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
    request: Body,
) -> Result<Json<User>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["name", "private", "weight", "expires_at"])?;
    let expires_at = expiry(&fields, gateway.clock.now())?;
    let change = UserChange {
        name: fields.text("name")?.map(str::to_owned),
        private: fields.truth("private")?,
        weight: fields.whole("weight", WEIGHTS)?,
        expires_at: fields.mentions("expires_at").then_some(expires_at),
    };
    Ok(Json(gateway.access.change_user(&id, change).await?.into()))
}
