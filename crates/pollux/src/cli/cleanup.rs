//! `pollux cleanup --days 30`: forgets what is old, and prints how much that was.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{Failure, block_on, say};
use crate::app;
use crate::clock::SystemClock;
use crate::config::{self, Environment, Flags};

/// Forget calls and usage events that are older than so many days; sums by the hour stay. Works while the gateway runs.
#[derive(Debug, Args)]
pub(super) struct Cleanup {
    /// How many days are kept.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=36_500))]
    days: u64,
    /// Print the counts as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(cleanup: &Cleanup) -> Result<(), Failure> {
    let config = config::load(&cleanup.flags, &Environment::of_process())?;
    let keep = Duration::from_hours(24 * cleanup.days);
    let cleaned = block_on(app::clean_up(&config, keep, Arc::new(SystemClock)))?;
    if cleanup.json {
        let said =
            json!({ "deleted": cleaned.total(), "calls": cleaned.calls, "usage_events": cleaned.events });
        say(&said.to_string());
    } else {
        let (calls, events) = (cleaned.calls, cleaned.events);
        say(&format!(
            "deleted {} rows older than {} days ({calls} calls, {events} usage events)",
            cleaned.total(),
            cleanup.days
        ));
    }
    Ok(())
}
