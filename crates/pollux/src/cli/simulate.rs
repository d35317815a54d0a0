//! `pollux simulate`: a Gemini look-alike to develop and test against.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use simulator::{Options, Script, Simulator};
use tokio::net::TcpListener;

use super::{Failure, block_on, say};
use crate::lifecycle::Lifecycle;
use crate::telemetry;

/// Run the simulated Gemini alone. Its keys are listed at `GET /__sim/keys`, its state at `GET /__sim/state`.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8010")]
    listen: SocketAddr,
    /// Google projects.
    #[arg(long, default_value_t = 4)]
    projects: u32,
    /// Keys in each project.
    #[arg(long, default_value_t = 3)]
    keys_per_project: u32,
    /// Whose default limits apply.
    #[arg(long, value_enum, default_value_t = Tier::Paid)]
    tier: Tier,
    /// Seed of keys and signatures.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A JSON file of faults and key states to begin with.
    #[arg(long)]
    script: Option<PathBuf>,
    /// A folder of recordings to answer from.
    #[arg(long)]
    replay: Option<PathBuf>,
    /// Refuse thought signatures in other projects than the one that issued them.
    #[arg(long)]
    bind_signatures: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tier {
    /// Small limits; some models are not offered.
    Free,
    /// Tier 1 with billing.
    Paid,
}

pub(super) fn run(simulate: &Simulate) -> Result<(), Failure> {
    let settings = telemetry::Settings { filter: "warn".to_owned(), ..telemetry::Settings::default() };
    telemetry::init(&settings).context("cannot set up the log")?;
    let options = options(simulate)?;
    Ok(block_on(serve(simulate.listen, options))?)
}

fn options(simulate: &Simulate) -> anyhow::Result<Options> {
    let Simulate { listen: _, projects, keys_per_project, tier, seed, script, replay, bind_signatures } =
        simulate;
    let script = script.as_ref().map(read_script).transpose()?;
    Ok(Options {
        projects: *projects,
        keys_per_project: *keys_per_project,
        tier: match tier {
            Tier::Free => simulator::Tier::Free,
            Tier::Paid => simulator::Tier::Paid,
        },
        seed: *seed,
        script,
        replay: replay.clone(),
        bind_signatures: *bind_signatures,
        ..Options::default()
    })
}

fn read_script(path: &PathBuf) -> anyhow::Result<Script> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no script", path.display()))
}

async fn serve(listen: SocketAddr, options: Options) -> anyhow::Result<()> {
    let simulator = Simulator::new(options)?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    say(&format!("listening on http://{}", listener.local_addr()?));
    let lifecycle = Lifecycle::new();
    lifecycle.obey_signals(std::time::Duration::ZERO)?;
    let soft = lifecycle.soft();
    lifecycle.spawn("simulator", simulator.serve(listener, soft.cancelled_owned()));
    lifecycle.shutdown(std::time::Duration::from_secs(1)).await;
    Ok(())
}
