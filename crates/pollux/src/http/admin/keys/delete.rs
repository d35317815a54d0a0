//! `DELETE /admin/keys/{id}`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Key;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::KeyId;
use crate::http::guard::Admin;

/// What went with a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyGone)]
pub(in crate::http::admin) struct Gone {
    /// What users had in its project and cannot reach any more, counted by kind: `{"files": 3}`.
    unreachable: BTreeMap<String, u64>,
}

/// Deletes a key and its secret. Calls that are using it go on. If it was the last of its project and users have something
/// there, the answer says what; else it is empty.
pub(in crate::http::admin) async fn delete(
    admin: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Response, Problem> {
    let gone = Key::from(gateway.keyring.show(&id).await?);
    let unreachable: BTreeMap<String, u64> = gateway.resources.lost_without(&id).await?.into_iter().collect();
    gateway.keyring.delete(&id).await?;
    admin.changed(Change::gone(&gone));
    if unreachable.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Json(Gone { unreachable }).into_response())
}
