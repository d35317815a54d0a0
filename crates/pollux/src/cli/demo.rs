//! `pollux demo`: a gateway on a simulated Gemini with sample keys. Nothing leaves this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use simulator::{Options, Simulator, Tier};
use tokio::net::TcpListener;

use super::{Failure, block_on, say};
use crate::app::{self, App};
use crate::clock::SystemClock;
use crate::config::{self, Config, Environment, Flags};
use crate::id;
use crate::lifecycle::Lifecycle;
use crate::secret::Secret;
use crate::telemetry;

/// Projects and keys of the demo.
const PROJECTS: u32 = 4;
const KEYS_PER_PROJECT: u32 = 3;

/// Run a gateway on a simulated Gemini with sample keys.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where to listen; another port is taken if this one is in use.
    #[arg(long, default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
}

pub(super) fn run(demo: &Demo) -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("pollux-demo-{}", id::letters(16)));
    std::fs::create_dir_all(&folder).context("cannot make a folder for the demo")?;
    let result = prepare(demo, &folder).and_then(|config| Ok(block_on(show(demo, config))?));
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        tracing::warn!(%error, folder = %folder.display(), "the demo's folder could not be removed");
    }
    result
}

/// The demo's own configuration: nothing of the environment, nothing that lasts.
fn prepare(demo: &Demo, folder: &std::path::Path) -> Result<Config, Failure> {
    let environment: Environment = [
        ("POLLUX_LISTEN", demo.listen.to_string()),
        ("POLLUX_DATA_DIR", folder.display().to_string()),
        ("POLLUX_ADMIN_TOKEN", format!("pollux-admin-{}", id::letters(24))),
        ("POLLUX_ALLOW_SIM_FAULTS", "on".to_owned()),
        ("POLLUX_LOG", "warn".to_owned()),
    ]
    .into_iter()
    .collect();
    let config = config::load(&Flags::default(), &environment)?;
    telemetry::init(&config.telemetry()).context("cannot set up the log")?;
    Ok(config)
}

async fn show(demo: &Demo, mut config: Config) -> anyhow::Result<()> {
    let lifecycle = Lifecycle::new();
    lifecycle.obey_signals(Duration::ZERO)?;
    let (keys, upstream) = simulate(&lifecycle).await?;
    config.gemini_api_keys = keys.into_iter().map(Secret::new).collect();
    config.upstream_url = upstream.parse().map_err(anyhow::Error::msg)?;
    let app = app::build(&config, Arc::new(SystemClock)).await?;
    let listener = listen(demo.listen).await?;
    let (_, user_key) = app.gateway.access.create_user("Demo", None).await?;
    introduce(&app, &config, &user_key, listener.local_addr()?);
    app.serve(listener, &lifecycle, Duration::from_secs(2)).await?;
    Ok(())
}

/// Starts the simulator; gives its keys and its address.
async fn simulate(lifecycle: &Lifecycle) -> anyhow::Result<(Vec<String>, String)> {
    let options = Options {
        projects: PROJECTS,
        keys_per_project: KEYS_PER_PROJECT,
        tier: Tier::Paid,
        ..Options::default()
    };
    let simulator = Simulator::new(options)?;
    let keys = simulator.keys();
    let projects = keys.chunks(KEYS_PER_PROJECT as usize).zip(1..);
    let keys = projects
        .flat_map(|(keys, project)| keys.iter().map(move |key| format!("demo-{project}={key}")))
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let soft = lifecycle.soft();
    lifecycle.spawn("simulator", simulator.serve(listener, soft.cancelled_owned()));
    Ok((keys, address))
}

async fn listen(wanted: SocketAddr) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(wanted).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Ok(TcpListener::bind(SocketAddr::new(wanted.ip(), 0)).await?)
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on {wanted}")),
    }
}

fn introduce(app: &App, config: &Config, user_key: &Secret, address: SocketAddr) {
    let admin = config.admin_token.as_ref().map(Secret::expose).unwrap_or_default();
    let key = user_key.expose();
    say(&format!(
        r#"Pollux is running on a simulated Gemini: {keys} sample keys of {PROJECTS} projects. Nothing leaves this machine.

  Base URL     http://{address}/v1
  User key     {key}
  Console      http://{address}/
  Admin token  {admin}

Try it:

  curl -N http://{address}/v1/chat/completions -H "Authorization: Bearer {key}" -H "Content-Type: application/json" -d '{{"model": "gemini-3.8-flash", "stream": true, "messages": [{{"role": "user", "content": "Hello, Pollux!"}}]}}'

Stop with Ctrl-C.
listening on http://{address}"#,
        keys = app.keys,
    ));
}
