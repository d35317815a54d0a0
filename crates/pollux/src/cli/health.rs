//! `pollux health`: exit code 0 if a running gateway answers.

mod pinned;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Failure, block_on, say};
use crate::config::{self, Config, Environment, Flags};

/// Ask a running gateway whether it is healthy.
#[derive(Debug, Args)]
pub(super) struct Health {
    #[command(flatten)]
    flags: Flags,
    /// How long to wait, in seconds.
    #[arg(long, default_value_t = 3)]
    timeout: u64,
}

pub(super) fn run(health: &Health) -> Result<(), Failure> {
    let config = config::load(&health.flags, &Environment::of_process())?;
    let asked = async {
        let limit = Duration::from_secs(health.timeout);
        timeout(limit, ask(&config)).await.context("no answer in time")?
    };
    say(&block_on(asked)?);
    Ok(())
}

/// A gateway that listens on every address answers on loopback.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// What the gateway of this configuration says of itself.
pub(super) async fn ask(config: &Config) -> anyhow::Result<String> {
    let address = reachable(config.listen);
    let connected = TcpStream::connect(address).await;
    let stream = connected.with_context(|| format!("nothing listens on {address}"))?;
    match &config.tls_cert {
        Some(certificate) => exchange(pinned::connect(stream, certificate).await?, address).await,
        None => exchange(stream, address).await,
    }
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    address: SocketAddr,
) -> anyhow::Result<String> {
    let request = format!("GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    // Some end TLS without saying so; whether the answer is whole is seen below.
    let read = stream.read_to_string(&mut answer).await;
    if answer.is_empty() {
        read?;
    }
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { bail!("the answer is no HTTP") };
    if !head.starts_with("HTTP/1.1 200") {
        bail!("the gateway answered {}", head.lines().next().unwrap_or_default());
    }
    Ok(body.trim().to_owned())
}
