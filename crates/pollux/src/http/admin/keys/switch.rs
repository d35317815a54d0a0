//! `POST /admin/keys/{id}/enable` and `/disable`.

use axum::Json;
use axum::extract::State;

use super::Key;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::KeyId;
use crate::http::guard::Admin;

/// Lets a key serve; also one that was dead or benched.
pub(in crate::http::admin) async fn enable(
    _: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Key>, Problem> {
    Ok(Json(gateway.keyring.enable(&id, true).await?.into()))
}

/// Takes a key out of service until it is enabled.
pub(in crate::http::admin) async fn disable(
    _: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Key>, Problem> {
    Ok(Json(gateway.keyring.enable(&id, false).await?.into()))
}
