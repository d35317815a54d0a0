//! `GET /metrics`: a few figures as JSON (`seed-facts.md` §2.12).
//!
//! What is asked for decides the form: who accepts JSON, or says nothing, gets JSON. Other forms branch off in [`show`].

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::machine::Machine;
use crate::http::Gateway;
use crate::http::guard::Viewer;

/// What `/metrics` says.
#[derive(Debug, Serialize)]
struct Figures {
    memory_usage_mb: f64,
    cpu_percent: f64,
    /// Calls at Google now.
    active_connections: u64,
    uptime_seconds: i64,
    requests_count: u64,
    database_size_mb: f64,
}

/// Shows the figures.
pub(super) async fn show(_: Viewer, State(gateway): State<Gateway>) -> Response {
    Json(figures(&gateway)).into_response()
}

fn figures(gateway: &Gateway) -> Figures {
    let Machine { memory_usage_mb, cpu_percent, uptime_seconds, database_size_mb } = Machine::of(gateway);
    let models = gateway.keyring.snapshot().models;
    let out = models.iter().flat_map(|model| &model.buckets).map(|bucket| u64::from(bucket.in_flight));
    Figures {
        memory_usage_mb,
        cpu_percent,
        active_connections: out.sum(),
        uptime_seconds,
        requests_count: gateway.requests.count(),
        database_size_mb,
    }
}
