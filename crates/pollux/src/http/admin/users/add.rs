//! `POST /admin/users`: makes a user and shows its key, once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::StatusCode;

use super::Keyed;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::caller::Admin;

/// Makes a user.
pub(in crate::http::admin) async fn add(
    _: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<(StatusCode, Json<Keyed>), Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let name = fields.required("name")?;
    let expires_at = fields.moment("expires_at")?;
    if expires_at.is_some_and(|at| at <= gateway.clock.now()) {
        return Err(Problem::field("expires_at", "is over already"));
    }
    let (user, key) = gateway.access.create_user(name, expires_at).await?;
    Ok((StatusCode::CREATED, Json(Keyed::new(user, &key))))
}
