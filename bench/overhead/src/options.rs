//! What can be asked of the bench.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::count::Count;

/// Compares what a call costs through Pollux and through nginx.
#[derive(Debug, Parser)]
#[command(name = "overhead-bench", version)]
pub(crate) struct Options {
    /// The Pollux binary to measure, a release build.
    #[arg(long, default_value = "target/release/pollux")]
    pub(crate) pollux: PathBuf,
    /// The nginx binary.
    #[arg(long, default_value = "nginx")]
    pub(crate) nginx: PathBuf,
    /// Rounds; figures are medians over them.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Seconds that one load lasts in one round.
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,
    /// One short round of the loads that say most.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only loads whose name contains this.
    #[arg(long, default_value = "")]
    pub(crate) only: String,
    /// The core that the proxies get.
    #[arg(long, default_value_t = 0)]
    pub(crate) core: usize,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What the bench starts of itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The upstream with fixed answers; prints its port.
    #[command(hide = true)]
    Upstream,
    /// Instructions of each kind of call, beside the recorded ones; needs valgrind.
    Count(Count),
}
