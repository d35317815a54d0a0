//! Writes a streamed answer as Google does: server-sent events, or one JSON array that grows.

use dialect::gemini::response::GenerateContentResponse;

use super::Refused;
use crate::http::Gateway;
use crate::http::answer::Scribe;
use crate::http::failed::Failed;
use crate::relay::{Refusal, Served};

/// `alt=sse`: an event for each piece.
pub(super) struct EventScribe(pub(super) Gateway);

/// Without it: an element of an array for each piece.
pub(super) struct ArrayScribe {
    gateway: Gateway,
    begun: bool,
}

impl Scribe for EventScribe {
    fn push(&mut self, event: &GenerateContentResponse, out: &mut Vec<u8>) {
        write_event(out, event);
    }

    fn next_hop(&mut self) {}

    fn finish(&mut self, _: &mut Vec<u8>) {}

    fn cut(&mut self, reason: &str, out: &mut Vec<u8>) {
        write_event(out, &broken_off(reason).body());
    }

    fn refuse(&mut self, refusal: &Refusal, out: &mut Vec<u8>) {
        write_event(out, &refused(&self.0, refusal).body());
    }

    async fn keep(&mut self, _: &Served) {}
}

impl ArrayScribe {
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway, begun: false }
    }

    fn element(&mut self, element: &impl serde::Serialize, out: &mut Vec<u8>) {
        out.extend_from_slice(if std::mem::replace(&mut self.begun, true) { b",\r\n" } else { b"[" });
        write(out, element);
    }
}

impl Scribe for ArrayScribe {
    const CONTENT_TYPE: &'static str = "application/json; charset=utf-8";

    /// White space may stand between the elements of an array.
    fn heartbeat(&self) -> &'static [u8] {
        b"\n"
    }

    fn push(&mut self, event: &GenerateContentResponse, out: &mut Vec<u8>) {
        self.element(event, out);
    }

    fn next_hop(&mut self) {}

    fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.begun { b"]" } else { b"[]" });
    }

    /// An array that was cut has no end: what reads it as a whole sees that it is not whole.
    fn cut(&mut self, reason: &str, out: &mut Vec<u8>) {
        self.element(&broken_off(reason).body(), out);
    }

    fn refuse(&mut self, refusal: &Refusal, out: &mut Vec<u8>) {
        let body = refused(&self.gateway, refusal).body();
        self.element(&body, out);
        out.extend_from_slice(b"]");
    }

    async fn keep(&mut self, _: &Served) {}
}

fn write_event(out: &mut Vec<u8>, event: &impl serde::Serialize) {
    out.extend_from_slice(b"data: ");
    write(out, event);
    out.extend_from_slice(b"\r\n\r\n");
}

fn write(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    let before = out.len();
    if let Err(error) = serde_json::to_writer(&mut *out, value) {
        tracing::error!(%error, "an event could not be written");
        out.truncate(before);
    }
}

fn broken_off(reason: &str) -> Refused {
    let message = format!("The answer broke off upstream ({reason}). What came so far is incomplete.");
    Refused(Failed::new(502, "server_error", "upstream_stream_error", message))
}

fn refused(gateway: &Gateway, refusal: &Refusal) -> Refused {
    Refused(Failed::from_refusal(refusal, gateway.clock.now()))
}
