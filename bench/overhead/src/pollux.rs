//! Pollux in front of the upstream, with keys, users and their limits.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::bodies::Surface;
use crate::client::request;
use crate::process::Process;
use crate::target::Target;

const ADMIN: &str = "bench-admin-token-0123456789";
const USER_KEY: &str = "sk-pollux-bench-0123456789abcdef";
/// How long a start may take, also under valgrind.
const START_WITHIN: Duration = Duration::from_mins(1);
/// Keys that are handed in at once.
const SLICE: usize = 5_000;

/// How a gateway is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// Keys in the pool, each in a project of its own.
    pub(crate) keys: usize,
    /// Users beside the one who calls.
    pub(crate) users: usize,
    /// Whether what can be switched off is: limits, log of calls.
    pub(crate) bare: bool,
    /// Whether requests and answers are kept.
    pub(crate) bodies: bool,
}

/// Starts it, fills it, and waits until it answers.
pub(crate) async fn start(
    program: &Path,
    core: usize,
    upstream: u16,
    (setup, folder): (Setup, &Path),
) -> anyhow::Result<Target> {
    let port = crate::plan::free_port()?;
    let folder = folder.join(setup.name.replace(' ', "-"));
    std::fs::create_dir_all(&folder)?;
    let process = launch(program, core, (port, upstream), (setup, &folder))?;
    up(port).await?;
    fill(port, setup).await?;
    // Again, with everything there: so it is found how long a start takes, and nothing is left of the filling.
    process.stop().await;
    let begun = Instant::now();
    let process = launch(program, core, (port, upstream), (setup, &folder))?;
    let mut target = Target {
        name: setup.name,
        port,
        process: Some(process),
        key: USER_KEY.to_owned(),
        translates: true,
        started: Duration::ZERO,
    };
    while !target.answers(Surface::Chat).await {
        ensure!(begun.elapsed() < START_WITHIN, "Pollux did not answer within {} s", START_WITHIN.as_secs());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    target.started = begun.elapsed();
    Ok(target)
}

fn launch(
    program: &Path,
    core: usize,
    (port, upstream): (u16, u16),
    (setup, folder): (Setup, &Path),
) -> anyhow::Result<Process> {
    Process::start(program, core, &folder.join("log"), |command| {
        command
            .arg("serve")
            .env_clear()
            .env("POLLUX_LISTEN", format!("127.0.0.1:{port}"))
            .env("POLLUX_DATA_DIR", folder)
            .env("POLLUX_ADMIN_TOKEN", ADMIN)
            .env("POLLUX_USER_KEYS", format!("bench={USER_KEY}"))
            .env("POLLUX_UPSTREAM_URL", format!("http://127.0.0.1:{upstream}"))
            .env("POLLUX_MAX_IDLE_CONNECTIONS", "1024")
            .env("POLLUX_MAX_CONNECTIONS", "60000")
            .env("POLLUX_MAX_CONNECTIONS_PER_ADDRESS", "60000")
            .env("POLLUX_MAX_CALLS", "60000")
            .env("POLLUX_LOG", if setup.bare { "warn" } else { "info" });
    })
}

async fn fill(port: u16, setup: Setup) -> anyhow::Result<()> {
    let keys: Vec<String> = (0..setup.keys).map(|n| format!("AIzaSyBench{n:028}")).collect();
    for slice in keys.chunks(SLICE) {
        admin(port, "POST", "/admin/config/gemini-key", &json!({"key": slice.join("\n")})).await?;
    }
    let users = admin(port, "GET", "/admin/users", &Value::Null).await?;
    let id = users.pointer("/data/0/id").and_then(Value::as_str).context("no user came back")?.to_owned();
    let rules = json!({"limits": {"rpm": 100_000_000, "tpm": 100_000_000_000_u64, "rpd": 1_000_000_000, "concurrency": 100_000,
        "usd_day": 1_000_000}});
    if !setup.bare {
        admin(port, "PATCH", &format!("/admin/users/{id}"), &rules).await?;
    }
    if setup.bodies {
        admin(port, "PATCH", &format!("/admin/users/{id}"), &json!({"keep_bodies": true})).await?;
    }
    for n in 0..setup.users {
        admin(port, "POST", "/admin/config/user-key", &json!({"name": format!("user {n}")})).await?;
    }
    Ok(())
}

/// Waits until it answers; a program that does not start is told by its time.
async fn up(port: u16) -> anyhow::Result<()> {
    for _ in 0..1_500 {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await {
            stream.write_all(b"GET /health HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n").await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("Pollux did not begin to listen within 30 s")
}

async fn admin(port: u16, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let headers = format!("authorization: Bearer {ADMIN}\r\nconnection: close\r\n");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(&request(method, path, &headers, &body)).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").context("an answer without a body")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        bail!("{method} {path} was answered with {status}: {}", body.chars().take(300).collect::<String>());
    }
    Ok(serde_json::from_str(body).unwrap_or(Value::Null))
}
