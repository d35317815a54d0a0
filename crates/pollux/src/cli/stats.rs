//! `pollux stats`: what a running gateway has been used for.

use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::remote::{Remote, Target};
use super::{Failure, say};
use crate::clock::{Clock, SystemClock};
use crate::config;

/// What a running gateway has been used for.
#[derive(Debug, Args)]
pub(super) struct Stats {
    /// What the sums are grouped by.
    #[arg(long, value_enum, default_value_t = By::Model)]
    by: By,
    /// How far back: 1h, 24h, 720h. Hours are whole.
    #[arg(long, default_value = "24h", value_parser = since)]
    since: Duration,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    Hour,
    User,
    Project,
    Key,
    Model,
    Outcome,
}

pub(super) fn run(stats: &Stats) -> Result<(), Failure> {
    stats.target.run(async |remote| show(remote, stats).await)
}

fn since(text: &str) -> Result<Duration, String> {
    config::patience(text).ok_or_else(|| "write for example 1h or 24h".to_owned())
}

async fn show(remote: &Remote, stats: &Stats) -> anyhow::Result<()> {
    let by = stats.by.to_possible_value().context("each grouping has a name")?;
    let back = i64::try_from(stats.since.as_millis()).unwrap_or(i64::MAX);
    let from = SystemClock.now().0.saturating_sub(back).max(0);
    let path = format!("/admin/usage?by={}&from={from}", by.get_name());
    let rows = remote.all(&path).await?;
    let columns = [
        ("GROUP", "/group"),
        ("CALLS", "/calls"),
        ("TOKENS IN", "/input_tokens"),
        ("OUT", "/output_tokens"),
        ("THINKING", "/thinking_tokens"),
        ("CACHED", "/cached_tokens"),
        ("MICRODOLLARS", "/cost_microdollars"),
        ("TTFT P50", "/first_event_ms/p50"),
        ("P95", "/first_event_ms/p95"),
    ];
    remote.print_rows(&rows, &columns);
    if let Some(total) = sum(&rows).filter(|_| !remote.prints_json()) {
        say(&format!("{total} calls"));
    }
    Ok(())
}

fn sum(rows: &[Value]) -> Option<i64> {
    rows.iter().map(|row| row.get("calls")?.as_i64()).sum()
}
