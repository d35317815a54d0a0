//! `pollux serve`: run the gateway.

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Failure, block_on, complain, say};
use crate::app;
use crate::clock::SystemClock;
use crate::config::{self, Config, Environment, Flags};
use crate::lifecycle::Lifecycle;
use crate::settings::Settings;
use crate::telemetry;

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let config = config::load(flags, &Environment::of_process())?;
    telemetry::init(&config.telemetry()).context("cannot set up the log")?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(block_on(serve(&config, flags.clone()))?)
}

async fn serve(config: &Config, flags: Flags) -> anyhow::Result<()> {
    let app = app::build(config, Arc::new(SystemClock)).await?;
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", config.listen))?;
    let mut listeners = vec![listener];
    if let Some(address) = config.console_listen {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.with_context(|| format!("cannot listen on {address} for the console"))?);
    }
    let lifecycle = Lifecycle::new();
    lifecycle.obey_signals(config.stop_notice)?;
    let hangups = signal(SignalKind::hangup())?;
    lifecycle.spawn("reload", reload(hangups, flags, Arc::clone(&app.gateway.settings), lifecycle.soft()));
    if let Some(token) = &app.fresh_admin_token {
        say(&format!("admin token (shown only now): {}", token.expose()));
    }
    if app.keys == 0 {
        complain("pollux: there is no usable Gemini key yet; add one with POST /admin/config/gemini-key");
    }
    for listener in &listeners {
        say(&format!("listening on http://{}", listener.local_addr()?));
        tracing::info!(address = %listener.local_addr()?, keys = app.keys, "serving");
    }
    let ending = app.serve_on(listeners, &lifecycle, config.drain_timeout).await?;
    tracing::info!(?ending, "stopped");
    anyhow::ensure!(
        ending != crate::lifecycle::Ending::Crashed,
        "a background task crashed; the log says which"
    );
    Ok(())
}

/// At SIGHUP, reads flags, environment and file again, and takes over what can be turned while the gateway runs.
async fn reload(mut hangups: Signal, flags: Flags, settings: Arc<Settings>, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = hangups.recv() => {}
        }
        match config::load(&flags, &Environment::of_process()) {
            Ok(config) => {
                settings.reconfigure(config.settings);
                tracing::info!("read the configuration again; settings without \u{21bb} wait for a restart");
            }
            Err(problems) => {
                tracing::error!(%problems, "the configuration is wrong now; what was read before holds");
            }
        }
    }
}
