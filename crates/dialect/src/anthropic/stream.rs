//! A streamed answer: Gemini's events as Anthropic's (`wire.md` §12).

use serde::Serialize;
use serde_json::{Value, json};

use super::Encoding;
use super::answer::{Answer, Block, Delta, Sink};
use super::usage::Usage;
use crate::gemini::response::GenerateContentResponse;
use crate::openai::chat::warning::Warning;
use crate::openai::chat::{Remembered, Stamp};

/// What keeps clients and proxies from giving up.
pub const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";

/// Writes the events of one streamed answer.
///
/// `push` takes each upstream event; then either `finish` after a clean end or `fail` after anything else. What is written
/// after that is nothing.
#[derive(Debug)]
pub struct Encoder {
    answer: Answer,
    begun: bool,
    ended: bool,
}

impl Encoder {
    /// A stream that has not begun.
    pub fn new(encoding: Encoding, stamp: Stamp) -> Self {
        Self { answer: Answer::new(encoding, stamp), begun: false, ended: false }
    }

    /// Takes one upstream event and appends the events it gives.
    pub fn push(&mut self, event: &GenerateContentResponse, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        self.answer.see(event);
        self.begin(out);
        self.answer.read(event, &mut Events(out));
    }

    /// The head of the message, once.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let usage = Usage::at_start(&self.answer.tally, self.answer.encoding.estimated_input);
        let message = json!({
            "id": self.answer.id(), "type": "message", "role": "assistant", "model": self.answer.encoding.model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": usage,
        });
        write("message_start", &json!({ "type": "message_start", "message": message }), out);
        out.extend_from_slice(PING);
    }

    /// Another upstream call goes on with the answer.
    pub fn next_hop(&mut self) {
        self.answer.next_hop();
    }

    /// Google ended the answer: `message_delta` with reason and usage, `message_stop`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.begin(out);
        let stop_reason = self.answer.end(&mut Events(out));
        let delta = json!({ "stop_reason": stop_reason, "stop_sequence": null });
        let last = json!({ "type": "message_delta", "delta": delta, "usage": self.answer.usage() });
        write("message_delta", &last, out);
        write("message_stop", &json!({ "type": "message_stop" }), out);
    }

    /// The answer was cut or broke: an `error` event and no `message_stop`.
    pub fn fail(&mut self, error: &Value, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.ended, true) {
            write("error", error, out);
        }
    }

    /// The tool calls since the last time, for the vault.
    pub fn remembered(&mut self) -> Vec<Remembered> {
        std::mem::take(&mut self.answer.remembered)
    }

    /// What could not be passed on.
    pub fn warnings(&self) -> &[Warning] {
        &self.answer.warnings
    }
}

/// Writes blocks as events.
struct Events<'a>(&'a mut Vec<u8>);

#[derive(Serialize)]
struct Started<'a> {
    r#type: &'static str,
    index: usize,
    content_block: &'a Block<'a>,
}

#[derive(Serialize)]
struct Changed<'a> {
    r#type: &'static str,
    index: usize,
    delta: &'a Delta<'a>,
}

impl Sink for Events<'_> {
    fn start(&mut self, index: usize, content_block: &Block<'_>) {
        let r#type = "content_block_start";
        write(r#type, &Started { r#type, index, content_block }, self.0);
    }

    fn delta(&mut self, index: usize, delta: &Delta<'_>) {
        let r#type = "content_block_delta";
        write(r#type, &Changed { r#type, index, delta }, self.0);
    }

    fn stop(&mut self, index: usize) {
        let r#type = "content_block_stop";
        write(r#type, &json!({ "type": r#type, "index": index }), self.0);
    }
}

fn write(name: &str, data: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
    match serde_json::to_writer(&mut *out, data) {
        Ok(()) => out.extend_from_slice(b"\n\n"),
        // Cannot happen: keys are strings and a vector takes every byte. Half an event would be worse than none.
        Err(_) => out.truncate(start),
    }
}
