//! What Pollux costs beside nginx: the same answers from the same fixed upstream, through each, in turns.
//!
//! The proxy under test has one core to itself; the upstream and the load share the other. Every figure is a median over
//! rounds in which the targets take turns, and stands beside nginx's of the same run: on a shared machine only ratios mean
//! anything.

mod bodies;
mod client;
mod count;
mod load;
mod measure;
mod nginx;
mod options;
mod plan;
mod pollux;
mod process;
mod report;
mod streams;
mod target;
mod upstream;
mod wire;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use options::{Command, Options};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "overhead-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match &options.command {
        Some(Command::Upstream) => runtime.block_on(upstream::serve()),
        Some(Command::Count(count)) => runtime.block_on(count::run(options, count)),
        None => runtime.block_on(plan::run(options)),
    }
}
