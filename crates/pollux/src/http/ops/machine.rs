//! Figures of the process and the database, for `/status`, `/metrics` and `/debug/info`.

use crate::http::Gateway;
use crate::telemetry::Usage;

/// Figures at one moment; zero where the system does not tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) memory_usage_mb: f64,
    pub(super) cpu_percent: f64,
    pub(super) uptime_seconds: i64,
    pub(super) database_size_mb: f64,
}

impl Machine {
    pub(super) fn of(gateway: &Gateway) -> Self {
        let now = gateway.clock.now();
        let usage = Usage::now();
        let share = |usage| gateway.cpu.look(usage, gateway.started.0, now.0);
        Self {
            memory_usage_mb: usage.map_or(0.0, |usage| megabytes(usage.memory)),
            cpu_percent: usage.map_or(0.0, share),
            uptime_seconds: (now.0 - gateway.started.0) / 1_000,
            database_size_mb: megabytes(database_size(gateway)),
        }
    }
}

/// The database file and its write-ahead log.
fn database_size(gateway: &Gateway) -> u64 {
    let Some(path) = &gateway.fixed.database else { return 0 };
    let mut log = path.clone().into_os_string();
    log.push("-wal");
    let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
    size(path) + size(log.as_ref())
}

/// With two digits.
#[expect(clippy::cast_precision_loss, reason = "a figure to read, far below 2^53")]
fn megabytes(bytes: u64) -> f64 {
    (bytes as f64 / 1_048_576.0 * 100.0).round() / 100.0
}
