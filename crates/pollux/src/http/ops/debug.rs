//! `GET /debug/info`: what a report of a mistake should say; for the admin, and without a secret.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::machine::Machine;
use crate::clock;
use crate::http::Gateway;
use crate::http::guard::Viewer;
use crate::settings::Source;

/// What `/debug/info` says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DebugInfo)]
pub(super) struct Info {
    service: &'static str,
    version: &'static str,
    timestamp: String,
    environment: &'static str,
    os: &'static str,
    arch: &'static str,
    uptime_seconds: i64,
    memory_usage_mb: f64,
    cpu_percent: f64,
    database_exists: bool,
    database_size_mb: f64,
    keys: Value,
    users: Value,
    models_in_use: usize,
    settings_version: i64,
    /// Settings that are not at their default. Of the injected prompt only its length: it is sent to others.
    settings: Map<String, Value>,
}

/// Shows it.
pub(super) async fn show(_: Viewer, State(gateway): State<Gateway>) -> Json<Info> {
    let machine = Machine::of(&gateway);
    let (snapshot, current) = (gateway.keyring.snapshot(), gateway.settings.current());
    let (users, active_users) = gateway.access.count_users();
    let keys: usize = snapshot.projects.iter().map(|project| project.keys.len()).sum();
    let changed = current.entries.into_iter().filter(|entry| entry.source != Source::Default);
    let shown = changed.map(|entry| match (entry.key.name, entry.value) {
        (name @ "injection_content", Value::String(text)) => {
            (name.to_owned(), json!({ "characters": text.chars().count() }))
        }
        (name, value) => (name.to_owned(), value),
    });
    Json(Info {
        service: "Pollux",
        version: env!("CARGO_PKG_VERSION"),
        timestamp: clock::iso(gateway.clock.now()),
        environment: gateway.fixed.environment(),
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        uptime_seconds: machine.uptime_seconds,
        memory_usage_mb: machine.memory_usage_mb,
        cpu_percent: machine.cpu_percent,
        database_exists: gateway.fixed.database.as_ref().is_some_and(|path| path.exists()),
        database_size_mb: machine.database_size_mb,
        keys: json!({ "all": keys, "ready": snapshot.ready_keys, "projects": snapshot.projects.len() }),
        users: json!({ "all": users, "active": active_users }),
        models_in_use: snapshot.models.len(),
        settings_version: current.version,
        settings: shown.collect(),
    })
}
