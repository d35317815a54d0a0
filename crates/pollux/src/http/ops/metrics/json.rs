//! The JSON that scripts of the original proxy know (`seed-facts.md` §2.12).

use std::path::Path;

use axum::Json;
use serde::Serialize;

use crate::http::Gateway;
use crate::telemetry::{Process, whole};

/// What `/metrics` says to those who ask for nothing else.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    memory_usage_mb: f64,
    /// Of one processor, since the start.
    cpu_percent: f64,
    /// Keys that could serve now; the name is the original's.
    active_connections: usize,
    uptime_seconds: i64,
    requests_count: u64,
    database_size_mb: f64,
}

/// As things are now.
pub(super) fn of(gateway: &Gateway) -> Json<Measured> {
    let process = Process::look().unwrap_or_default();
    let uptime = gateway.clock.now().since(gateway.started).max(0);
    let seconds = std::time::Duration::from_millis(uptime.unsigned_abs()).as_secs_f64();
    Json(Measured {
        memory_usage_mb: mega(process.resident_bytes),
        cpu_percent: if seconds > 0.0 { rounded(process.cpu_seconds / seconds * 100.0) } else { 0.0 },
        active_connections: gateway.keyring.ready_keys(),
        uptime_seconds: uptime / 1_000,
        requests_count: gateway.requests.count(),
        database_size_mb: mega(gateway.settings.database.as_deref().map_or(0, database_bytes)),
    })
}

/// The file and what is written ahead of it.
fn database_bytes(path: &Path) -> u64 {
    let mut ahead = path.as_os_str().to_owned();
    ahead.push("-wal");
    let sizes = [path, Path::new(&ahead)].map(|path| path.metadata().map_or(0, |file| file.len()));
    sizes.into_iter().sum()
}

fn mega(bytes: u64) -> f64 {
    rounded(whole(bytes) / f64::from(1 << 20))
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
