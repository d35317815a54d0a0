//! What is measured: the way straight to the upstream, nginx, or Pollux.

use std::time::Duration;

use crate::bodies::{Shape, Surface};
use crate::client::{Client, request};
use crate::process::Process;

/// Something that answers calls.
#[derive(Debug)]
pub(crate) struct Target {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// Where it listens.
    pub(crate) port: u16,
    /// The process in between; none on the direct way.
    pub(crate) process: Option<Process>,
    /// What the client proves itself with.
    pub(crate) key: String,
    /// Whether it understands other surfaces than chat.
    pub(crate) translates: bool,
    /// From its start to its first answer; nothing where that was not measured.
    pub(crate) started: Duration,
}

impl Target {
    /// A call, written out.
    pub(crate) fn call(&self, surface: Surface, shape: Shape, streamed: bool) -> Vec<u8> {
        let headers = match surface {
            Surface::Native => format!("x-goog-api-key: {}\r\n", self.key),
            Surface::Anthropic => format!("x-api-key: {}\r\nanthropic-version: 2023-06-01\r\n", self.key),
            Surface::Chat | Surface::Responses => format!("authorization: Bearer {}\r\n", self.key),
        };
        request("POST", surface.path(streamed), &headers, &surface.body(shape, streamed))
    }

    /// Whether a call is answered with 200.
    pub(crate) async fn answers(&self, surface: Surface) -> bool {
        let Ok(mut client) = Client::connect(self.port).await else { return false };
        matches!(client.ask(&self.call(surface, Shape::Small, false)).await, Ok(came) if came.well)
    }

    /// Processor seconds of its process so far.
    pub(crate) fn cpu(&self) -> f64 {
        self.process.as_ref().map_or(f64::NAN, Process::cpu)
    }

    /// Bytes of memory of its process.
    #[expect(clippy::cast_precision_loss, reason = "a figure for a table")]
    pub(crate) fn memory(&self) -> f64 {
        self.process.as_ref().map_or(f64::NAN, |process| process.memory() as f64)
    }

    /// The most it had.
    #[expect(clippy::cast_precision_loss, reason = "a figure for a table")]
    pub(crate) fn peak(&self) -> f64 {
        self.process.as_ref().map_or(f64::NAN, |process| process.peak() as f64)
    }
}
