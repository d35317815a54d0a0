//! Which loads on which targets, in which order.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::LocalSet;

use crate::bodies::{Shape, Surface};
use crate::client::{Client, request};
use crate::measure::{Figures, median};
use crate::options::Options;
use crate::pollux::Setup;
use crate::target::Target;
use crate::{load, nginx, pollux, report, streams};

/// Figures of all rounds, by load and target.
pub(crate) type Rounds = BTreeMap<(usize, &'static str), Vec<Figures>>;

/// What is done to a target.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// As fast as answers come, over so many connections.
    Closed(usize),
    /// So many a second.
    Open(u32),
    /// So many streams of 50 events, 20 ms apart.
    Streams(usize),
    /// So many streams that hold their peace.
    Quiet(usize),
    /// Nothing, once: what a start takes, and what is held without any call.
    Idle,
}

/// A load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// What it is called.
    pub(crate) name: &'static str,
    act: Act,
    surface: Surface,
    shape: Shape,
    quick: bool,
    /// Only the gateway of this name, beside nginx and the direct way; none for the headline's.
    setup: Option<&'static str>,
}

const fn of(name: &'static str, act: Act) -> Load {
    Load { name, act, surface: Surface::Chat, shape: Shape::Small, quick: false, setup: None }
}

/// Everything on: the headline.
pub(crate) const P1: Setup = Setup { name: "P1", keys: 10, users: 0, bare: false, bodies: false };
const SETUPS: &[Setup] = &[
    P1,
    Setup { name: "P0", bare: true, ..P1 },
    Setup { name: "P2", bodies: true, ..P1 },
    Setup { name: "1,000 keys", keys: 1_000, ..P1 },
    Setup { name: "10,000 keys", keys: 10_000, ..P1 },
    Setup { name: "100,000 keys", keys: 100_000, ..P1 },
    Setup { name: "10,000 users", users: 10_000, ..P1 },
];

/// Every load.
pub(crate) const LOADS: &[Load] = &[
    Load { quick: true, ..of("idle", Act::Idle) },
    Load { setup: Some("10,000 keys"), ..of("idle, 10,000 keys", Act::Idle) },
    Load { setup: Some("100,000 keys"), ..of("idle, 100,000 keys", Act::Idle) },
    Load { quick: true, ..of("small, 32 connections", Act::Closed(32)) },
    of("small, 1 connection", Act::Closed(1)),
    Load { quick: true, ..of("small, 256 connections", Act::Closed(256)) },
    Load { quick: true, ..of("small, 1,000/s", Act::Open(1_000)) },
    Load { shape: Shape::Image, quick: true, ..of("1 MB image", Act::Closed(8)) },
    Load { shape: Shape::Tools, ..of("64 tools, 40 messages", Act::Closed(32)) },
    Load { quick: true, ..of("200 streams", Act::Streams(200)) },
    Load { quick: true, ..of("2,000 quiet streams", Act::Quiet(2_000)) },
    of("10,000 quiet streams", Act::Quiet(10_000)),
    Load { surface: Surface::Responses, ..of("responses, 32 connections", Act::Closed(32)) },
    Load { surface: Surface::Anthropic, ..of("anthropic, 32 connections", Act::Closed(32)) },
    Load { surface: Surface::Native, ..of("native, 32 connections", Act::Closed(32)) },
    Load { setup: Some("P0"), ..of("small, all off", Act::Closed(32)) },
    Load { setup: Some("P2"), ..of("small, bodies kept", Act::Closed(32)) },
    Load { setup: Some("1,000 keys"), ..of("small, 1,000 keys", Act::Closed(32)) },
    Load { setup: Some("100,000 keys"), ..of("small, 100,000 keys", Act::Closed(32)) },
    Load { setup: Some("10,000 users"), ..of("small, 10,000 users", Act::Closed(32)) },
];

/// Runs everything and prints it.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let (upstream, upstream_port) = start_upstream().await?;
    let wanted: Vec<(usize, &Load)> = LOADS
        .iter()
        .enumerate()
        .filter(|(_, load)| (!options.quick || load.quick) && load.name.contains(&options.only))
        .collect();
    if wanted.is_empty() {
        bail!("no load is called `{}`", options.only);
    }
    let mut rounds = Rounds::new();
    let local = LocalSet::new();
    local
        .run_until(async {
            for setup in SETUPS {
                let mine: Vec<_> = wanted
                    .iter()
                    .filter(|(_, load)| load.setup.unwrap_or(P1.name) == setup.name)
                    .copied()
                    .collect();
                if !mine.is_empty() {
                    stage(options, (upstream_port, folder.path()), *setup, (&mine, &mut rounds)).await?;
                }
            }
            anyhow::Ok(())
        })
        .await?;
    drop(upstream);
    report::print(&mut std::io::stdout().lock(), options, &wanted, &medians(rounds))
}

/// The targets of one setup, and its loads in turns.
async fn stage(
    options: &Options,
    (upstream, folder): (u16, &Path),
    setup: Setup,
    (loads, rounds): (&[(usize, &Load)], &mut Rounds),
) -> anyhow::Result<()> {
    let gateway = match pollux::start(&options.pollux, options.core, upstream, (setup, folder)).await {
        Ok(gateway) => gateway,
        // What this version of the gateway does not know cannot be measured; the rest can.
        Err(error) if setup != P1 => {
            report::skipped(setup.name, &error);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let direct = Target {
        name: "direct",
        port: upstream,
        process: None,
        key: "none".to_owned(),
        translates: true,
        started: Duration::ZERO,
    };
    let targets = [direct, nginx::start(&options.nginx, options.core, upstream, folder)?, gateway];
    let (count, seconds) = if options.quick { (1, 4) } else { (options.rounds, options.seconds) };
    for round in 0..count {
        for (at, load) in loads {
            for target in &targets {
                // After the first load a gateway is never again as it was.
                if matches!(load.act, Act::Idle) && round > 0 {
                    continue;
                }
                if let Some(figures) = one(load, target, (upstream, Duration::from_secs(seconds))).await? {
                    rounds.entry((*at, place(target))).or_default().push(figures);
                }
            }
        }
    }
    for target in targets {
        if let Some(process) = target.process {
            process.stop().await;
        }
    }
    Ok(())
}

/// In the table all gateways stand in one column.
fn place(target: &Target) -> &'static str {
    if target.process.is_some() && target.translates { "pollux" } else { target.name }
}

/// One load on one target; none where it makes no sense.
async fn one(
    load: &Load,
    target: &Target,
    (upstream, lasts): (u16, Duration),
) -> anyhow::Result<Option<Figures>> {
    // Behind nginx the upstream speaks chat and Gemini only.
    let surface = if target.translates && target.process.is_some() { load.surface } else { Surface::Chat };
    let streamed = matches!(load.act, Act::Streams(_) | Act::Quiet(_));
    if !streamed && !target.answers(surface).await {
        return Ok(None);
    }
    let call = target.call(surface, load.shape, streamed);
    let figures = match load.act {
        Act::Closed(connections) => load::closed(target, call, connections, lasts).await,
        Act::Open(rate) => load::open(target, call, rate, lasts).await,
        Act::Streams(count) => {
            pace(upstream, "50/20/0").await?;
            streams::together(target, call, count).await
        }
        Act::Idle if target.started.is_zero() => return Ok(None),
        Act::Idle => Figures::from([
            ("start_ms", target.started.as_secs_f64() * 1e3),
            ("idle_rss_mb", target.memory() / 1e6),
        ]),
        Act::Quiet(_) if target.process.is_none() => return Ok(None),
        Act::Quiet(count) => {
            pace(upstream, "2/0/20000").await?;
            streams::quiet(target, call, count, Duration::from_secs(18)).await
        }
    };
    Ok(Some(figures))
}

/// How streams run from now on.
pub(crate) async fn pace(upstream: u16, pace: &str) -> anyhow::Result<()> {
    let mut client = Client::connect(upstream).await?;
    client.ask(&request("GET", &format!("/__pace/{pace}"), "", b"")).await?;
    Ok(())
}

fn medians(rounds: Rounds) -> BTreeMap<(usize, &'static str), Figures> {
    let median_of = |figures: &[Figures]| {
        let names = figures
            .iter()
            .flat_map(|figures| figures.keys().copied())
            .collect::<std::collections::BTreeSet<_>>();
        let middle = |name| median(figures.iter().filter_map(|figures| figures.get(name).copied()).collect());
        names.into_iter().map(|name| (name, middle(name))).collect::<Figures>()
    };
    rounds.into_iter().map(|(key, figures)| (key, median_of(&figures))).collect()
}

/// The upstream with fixed answers, and its port.
pub(crate) async fn start_upstream() -> anyhow::Result<(Child, u16)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("upstream")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the upstream")?;
    let output = child.stdout.take().context("the upstream says nothing")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await?;
    let port = line.trim().parse().context("the upstream did not say its port")?;
    Ok((child, port))
}

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
