//! `DELETE /admin/users/{id}`.

use axum::extract::State;
use http::StatusCode;

use super::User;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::UserId;
use crate::http::guard::Admin;

/// Removes a user for good.
pub(in crate::http::admin) async fn delete(
    admin: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<StatusCode, Problem> {
    let gone = User::from(gateway.access.user(&id).await?);
    gateway.access.delete_user(&id).await?;
    admin.changed(Change::gone(&gone));
    Ok(StatusCode::NO_CONTENT)
}
