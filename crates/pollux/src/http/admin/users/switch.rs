//! `POST /admin/users/{id}/enable` and `/disable`.

use axum::Json;
use axum::extract::State;

use super::User;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::UserId;
use crate::http::guard::Admin;

/// Lets a user call again.
pub(in crate::http::admin) async fn enable(
    admin: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<User>, Problem> {
    let before = User::from(gateway.access.user(&id).await?);
    let after = User::from(gateway.access.enable_user(&id).await?);
    admin.changed(Change::between(&before, &after));
    Ok(Json(after))
}

/// Turns a user away until it is enabled.
pub(in crate::http::admin) async fn disable(
    admin: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<User>, Problem> {
    let before = User::from(gateway.access.user(&id).await?);
    let after = User::from(gateway.access.disable_user(&id).await?);
    admin.changed(Change::between(&before, &after));
    Ok(Json(after))
}
