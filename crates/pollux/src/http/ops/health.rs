//! `GET /health`, `GET /healthz`: is the gateway up, and can it serve? Shape: `seed-facts.md` §2.9.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock;
use crate::http::Gateway;

/// What `/health` says.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    /// `healthy`, or `no_available_keys` when nothing can be served.
    status: &'static str,
    timestamp: String,
    available_keys: usize,
    environment: &'static str,
    uptime_seconds: i64,
    request_count: u64,
    version: &'static str,
}

/// The state of the gateway. Always 200: a gateway without keys must not be restarted for it.
pub(super) async fn show(State(gateway): State<Gateway>) -> Json<Health> {
    let now = gateway.clock.now();
    let available_keys = gateway.keyring.ready_keys();
    Json(Health {
        status: if available_keys > 0 { "healthy" } else { "no_available_keys" },
        timestamp: clock::iso(now),
        available_keys,
        environment: gateway.fixed.environment(),
        uptime_seconds: (now.0 - gateway.started.0) / 1_000,
        request_count: gateway.requests.count(),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}
