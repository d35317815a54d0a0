//! `GET /wake`: something to call every few minutes, so that a free host does not fall asleep.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::clock;
use crate::http::Gateway;

/// Says that the gateway is awake.
pub(super) async fn wake(State(gateway): State<Gateway>) -> Json<Value> {
    let timestamp = clock::iso(gateway.clock.now());
    Json(json!({ "status": "awake", "timestamp": timestamp, "message": "Service is active" }))
}
