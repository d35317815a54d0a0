//! `DELETE /admin/users/{id}`.

use axum::extract::State;
use http::StatusCode;

use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::UserId;
use crate::http::guard::Admin;

/// Removes a user for good.
pub(in crate::http::admin) async fn delete(
    _: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<StatusCode, Problem> {
    gateway.access.delete_user(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
