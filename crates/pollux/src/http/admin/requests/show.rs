//! `GET /admin/requests/{id}`: a call with its attempts and the decision behind the last of them.

use axum::Json;
use axum::extract::State;
use serde_json::value::RawValue;

use super::{Call, Details};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::CallId;
use crate::http::guard::Viewer;

/// One call.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    CallId(id): CallId,
) -> Result<Json<Details>, Problem> {
    gateway.journal.caught_up().await;
    let mut record = gateway.store.call(&id).await?;
    let attempts = std::mem::take(&mut record.attempts);
    let decision = std::mem::take(&mut record.decision);
    let decision = RawValue::from_string(decision).ok();
    Ok(Json(Details { call: Call::new(&gateway, record), decision, attempts }))
}
