//! `DELETE /admin/keys/{id}`.

use axum::extract::State;
use http::StatusCode;

use super::Key;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::KeyId;
use crate::http::guard::Admin;

/// Deletes a key and its secret. Calls that are using it go on.
pub(in crate::http::admin) async fn delete(
    admin: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<StatusCode, Problem> {
    let gone = Key::from(gateway.keyring.show(&id).await?);
    gateway.keyring.delete(&id).await?;
    admin.changed(Change::gone(&gone));
    Ok(StatusCode::NO_CONTENT)
}
