//! `POST /admin/users/{id}/rotate`: gives a user another key and shows it, once.

use axum::Json;
use axum::extract::State;

use super::{Keyed, User};
use crate::audit::Change;
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
    let before = gateway.access.user(&id).await?;
    let (user, key) = gateway.access.rotate_user(&id).await?;
    let before = User::from(before);
    let keyed = Keyed::new(user, &key);
    admin.changed(Change::between(&before, &keyed.user));
    Ok(Json(keyed))
}
