//! `POST /admin/users/{id}/enable` and `/disable`.

use axum::Json;
use axum::extract::State;

use super::User;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::UserId;
use crate::http::guard::Admin;

/// Lets a user call again.
pub(in crate::http::admin) async fn enable(
    _: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<User>, Problem> {
    Ok(Json(gateway.access.enable_user(&id).await?.into()))
}

/// Turns a user away until it is enabled.
pub(in crate::http::admin) async fn disable(
    _: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<User>, Problem> {
    Ok(Json(gateway.access.disable_user(&id).await?.into()))
}
