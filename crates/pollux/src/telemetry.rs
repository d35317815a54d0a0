//! The log, and the names of all metrics.
//!
//! Invariant: no line leaves the program before what looks like a key has been blotted out of it.

use std::io;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub mod call;
mod exposition;
pub mod names;
mod process;
mod recorder;
mod redact;
pub mod trace;

pub use exposition::{Format as Exposition, Page};
pub use process::{CpuShare, Usage};
pub use recorder::{Metrics, whole};
use redact::Redacting;

/// How the log is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A level, or a filter such as `info,pollux::relay=debug`.
    pub filter: String,
    /// How a line looks.
    pub format: Format,
}

impl Default for Settings {
    fn default() -> Self {
        Self { filter: String::from("info"), format: Format::Text }
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object per line.
    Json,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter makes no sense.
    #[error("the log filter: {0}")]
    Filter(String),
    /// Somebody else was first.
    #[error("the log was set up twice")]
    Twice,
}

/// Sets up the log of the whole process, on standard error. Panics go the same way, so that they are redacted too.
pub fn init(settings: &Settings) -> Result<(), Error> {
    subscriber(settings, io::stderr)?.try_init().map_err(|_| Error::Twice)?;
    log_panics();
    Ok(())
}

/// From now on panics go to the log, and nowhere else.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = ?panic.location().map(ToString::to_string), "panic: {}", said(panic.payload()));
    }));
}

/// A log that goes to `writer`, redacted.
pub fn subscriber<W>(settings: &Settings, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&settings.filter).map_err(|error| Error::Filter(error.to_string()))?;
    let lines = layer().with_writer(Redacting(writer));
    let registry = tracing_subscriber::registry().with(filter);
    Ok(match settings.format {
        Format::Text => Box::new(registry.with(lines.with_ansi(false))),
        Format::Json => Box::new(registry.with(lines.json().flatten_event(true))),
    })
}

/// Whether a filter can be used, or why not.
pub fn check_filter(filter: &str) -> Result<(), String> {
    EnvFilter::try_new(filter).map(|_| ()).map_err(|error| error.to_string())
}

fn said(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}

#[cfg(test)]
mod tests;
