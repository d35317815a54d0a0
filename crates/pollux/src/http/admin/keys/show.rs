//! `GET /admin/keys/{id}`.

use axum::Json;
use axum::extract::State;

use super::Key;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::KeyId;
use crate::http::guard::Viewer;

/// One key.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Key>, Problem> {
    Ok(Json(gateway.keyring.show(&id).await?.into()))
}
