//! `GET /health`, `GET /healthz`, `GET /readyz`: is the gateway up, and can it serve? Shape: `seed-facts.md` §2.9.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::clock;
use crate::http::{Gateway, admin};
use crate::journal::Health;

/// What `/health` says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(super) struct Said {
    /// `healthy`, or `no_available_keys` when nothing can be served.
    status: &'static str,
    timestamp: String,
    available_keys: usize,
    environment: &'static str,
    uptime_seconds: i64,
    request_count: u64,
    version: &'static str,
    journal: &'static str,
    /// `ok`; `away` while this replica goes on with its share of every limit; `off` where there is none.
    redis: &'static str,
}

/// The state of the gateway. Always 200: a gateway without keys must not be restarted for it.
pub(super) async fn show(State(gateway): State<Gateway>) -> Json<Said> {
    let now = gateway.clock.now();
    let available_keys = gateway.keyring.ready_keys();
    Json(Said {
        status: if available_keys > 0 { "healthy" } else { "no_available_keys" },
        timestamp: clock::iso(now),
        available_keys,
        environment: gateway.fixed.environment(),
        uptime_seconds: (now.0 - gateway.started.0) / 1_000,
        request_count: gateway.requests.count(),
        version: env!("CARGO_PKG_VERSION"),
        journal: gateway.journal.health().map_or("off", standing),
        redis: admin::redis_word(&gateway.shared.fleet()),
    })
}

/// How the journal stands, in a word: `ok`, `database_away` while records wait for it, `full` when no call is begun.
fn standing(health: Health) -> &'static str {
    match health {
        Health { full: Some(_), .. } => "full",
        Health { store_away: true, .. } => "database_away",
        Health { .. } => "ok",
    }
}

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}

/// Should a load balancer send calls here? Not when the gateway is about to stop, and not when it begins no call because
/// the journal is full.
pub(super) async fn ready(State(gateway): State<Gateway>) -> (StatusCode, Json<Value>) {
    let full = gateway.journal.health().is_some_and(|health| health.full.is_some());
    let (status, word) = match (gateway.is_leaving(), full) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "leaving"),
        (false, true) => (StatusCode::SERVICE_UNAVAILABLE, "journal_full"),
        (false, false) => (StatusCode::OK, "ready"),
    };
    (status, Json(json!({ "status": word })))
}
