//! `GET /status`: the state of the service in some detail (`seed-facts.md` §2.11).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::machine::Machine;
use crate::http::Gateway;

/// What `/status` says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub(super) struct Shown {
    service: &'static str,
    status: &'static str,
    version: &'static str,
    render_url: Option<String>,
    /// A name that scripts split at spaces. There is no Python here, and this says so.
    python_version: &'static str,
    models: Vec<String>,
    active_keys: usize,
    memory_usage_mb: f64,
    cpu_percent: f64,
    uptime_seconds: i64,
    total_requests: u64,
    thinking_enabled: bool,
    /// The gateway calls itself now and then: it is switched on, and an external URL is known.
    keep_alive_active: bool,
    keep_alive_enabled: bool,
}

/// Shows the state.
pub(super) async fn show(State(gateway): State<Gateway>) -> Json<Shown> {
    let settings = gateway.settings.now();
    let Machine { memory_usage_mb, cpu_percent, uptime_seconds, .. } = Machine::of(&gateway);
    let offered = gateway.catalog.list(gateway.clock.now()).into_iter();
    let external_url = gateway.fixed.external_url.clone();
    Json(Shown {
        service: "Pollux",
        status: "running",
        version: env!("CARGO_PKG_VERSION"),
        python_version: "none (Pollux is written in Rust)",
        models: offered.filter(|model| gateway.is_offered(model, &settings)).map(|model| model.id).collect(),
        active_keys: gateway.keyring.ready_keys(),
        memory_usage_mb,
        cpu_percent,
        uptime_seconds,
        total_requests: gateway.requests.count(),
        thinking_enabled: settings.thinking_enabled,
        keep_alive_active: settings.keep_alive_every().is_some() && external_url.is_some(),
        keep_alive_enabled: settings.keep_alive,
        render_url: external_url,
    })
}
