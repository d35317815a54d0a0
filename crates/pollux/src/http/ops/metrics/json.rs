//! The few figures that scripts of the original proxy know (`seed-facts.md` §2.12).

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Gateway;
use crate::http::ops::machine::Machine;

/// What `/metrics` says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Metrics)]
pub(in crate::http::ops) struct Figures {
    memory_usage_mb: f64,
    cpu_percent: f64,
    /// Calls at Google now.
    active_connections: u64,
    uptime_seconds: i64,
    requests_count: u64,
    database_size_mb: f64,
}

/// As things are now.
pub(super) fn of(gateway: &Gateway) -> Json<Figures> {
    let Machine { memory_usage_mb, cpu_percent, uptime_seconds, database_size_mb } = Machine::of(gateway);
    let models = gateway.keyring.snapshot().models;
    let out = models.iter().flat_map(|model| &model.buckets).map(|bucket| u64::from(bucket.in_flight));
    Json(Figures {
        memory_usage_mb,
        cpu_percent,
        active_connections: out.sum(),
        uptime_seconds,
        requests_count: gateway.requests.count(),
        database_size_mb,
    })
}
