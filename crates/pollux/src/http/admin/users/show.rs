//! `GET /admin/users/{id}`.

use axum::Json;
use axum::extract::State;

use super::User;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::UserId;
use crate::http::guard::Viewer;

/// One user.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<User>, Problem> {
    Ok(Json(gateway.access.user(&id).await?.into()))
}
