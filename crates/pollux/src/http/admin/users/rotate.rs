//! `POST /admin/users/{id}/rotate`: gives a user another key and shows it, once.

use axum::Json;
use axum::extract::State;

use super::Keyed;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::UserId;
use crate::http::guard::Admin;

/// Makes another key; the old one stops working at once.
pub(in crate::http::admin) async fn rotate(
    admin: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<Keyed>, Problem> {
    let (user, key) = gateway.access.rotate_user(&id).await?;
    tracing::info!(operator = admin.name(), user = %id, "gave a user another key");
    Ok(Json(Keyed::new(user, &key)))
}
