//! `POST /admin/users`: makes a user and shows its key, once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::StatusCode;

use super::{Keyed, expiry};
use crate::access::{Terms, WEIGHTS};
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;

/// Makes a user.
pub(in crate::http::admin) async fn add(
    _: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<(StatusCode, Json<Keyed>), Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let name = fields.required("name")?;
    let usual = Terms::default();
    let terms = Terms {
        expires_at: expiry(&fields, gateway.clock.now())?,
        private: fields.truth("private")?.unwrap_or(usual.private),
        weight: fields.whole("weight", WEIGHTS)?.unwrap_or(usual.weight),
    };
    let (user, key) = gateway.access.create_user_on(name, terms).await?;
    Ok((StatusCode::CREATED, Json(Keyed::new(user, &key))))
}
