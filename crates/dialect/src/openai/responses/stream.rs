//! An answer in the Responses API's words, streamed or whole (`wire.md` §11.3, §11.4).

use serde_json::{Map, Value, json};

use super::Encoding;
use super::items::Items;
use crate::gemini::response::GenerateContentResponse;
use crate::openai::chat::answer::{Answer, place};
use crate::openai::chat::choice::{Choice, Ending};
use crate::openai::chat::usage::Usage;
use crate::openai::chat::warning::Warning;
use crate::openai::chat::{Remembered, Stamp};
use crate::openai::error::ApiError;

/// A response object and what else came of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// The JSON text.
    pub body: String,
    /// The tool calls in it, for the vault.
    pub remembered: Vec<Remembered>,
    /// What could not be passed on.
    pub warnings: Vec<Warning>,
}

/// Writes the events of one answer.
///
/// `push` takes each upstream event; then either `finish` after a clean end or `fail` after anything else. What is written
/// after that is nothing.
#[derive(Debug)]
pub struct Encoder {
    answer: Answer,
    choice: Choice,
    items: Items,
    id: String,
    created: i64,
    echo: Map<String, Value>,
    begun: bool,
    ended: bool,
}

/// Says a whole response in this API's words.
pub fn whole(response: &GenerateContentResponse, encoding: Encoding, stamp: Stamp, completed: i64) -> Whole {
    let mut encoder = Encoder::make(encoding, stamp, false);
    encoder.read(response);
    let body = encoder.end(completed).1.to_string();
    let notes = encoder.answer.notes;
    Whole { body, remembered: notes.remembered, warnings: notes.warnings }
}

impl Encoder {
    /// A stream that has not begun.
    pub fn new(encoding: Encoding, stamp: Stamp) -> Self {
        Self::make(encoding, stamp, true)
    }

    fn make(encoding: Encoding, stamp: Stamp, streamed: bool) -> Self {
        let mut items = Items::new(stamp, streamed);
        Self {
            id: items.ids.made("resp_"),
            answer: Answer::new(encoding.chat, stamp),
            choice: Choice::default(),
            items,
            created: stamp.created,
            echo: encoding.echo,
            begun: false,
            ended: false,
        }
    }

    /// Takes one upstream event and appends the events it gives.
    pub fn push(&mut self, event: &GenerateContentResponse, out: &mut Vec<u8>) {
        if !self.ended {
            self.begin();
            self.read(event);
            out.append(&mut self.items.frames);
        }
    }

    fn read(&mut self, event: &GenerateContentResponse) {
        self.answer.see(event);
        for (position, candidate) in event.candidates().iter().enumerate() {
            if place(candidate, position) == Some(0) {
                self.choice.read(candidate, &mut self.answer.notes, &mut self.items);
            }
        }
    }

    /// The head of the stream, once.
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            let response = self.response("in_progress");
            self.items.emit("response.created", json!({ "response": response }));
            self.items.emit("response.in_progress", json!({ "response": response }));
        }
    }

    /// Another upstream call goes on with the answer.
    pub fn next_hop(&mut self) {
        self.answer.tally.absorb_hop();
        self.choice.next_hop();
    }

    /// Google ended the answer. `completed` is when, in Unix seconds.
    pub fn finish(&mut self, completed: i64, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.begin();
        let (event, response) = self.end(completed);
        self.items.emit(event, json!({ "response": response }));
        out.append(&mut self.items.frames);
        out.extend_from_slice(DONE);
    }

    /// The answer was cut or broke: `error`, `response.failed` and the end.
    pub fn fail(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.begin();
        let ApiError { kind, code, param, message, .. } = error;
        // OpenAI's clients read the flat keys, Open Responses' the nested ones.
        let inner = json!({ "type": kind, "code": code, "message": message, "param": param });
        let flat = json!({ "code": code, "message": message, "param": param, "error": inner });
        self.items.emit("error", flat);
        self.items.close("incomplete");
        let mut response = self.response("failed");
        let code = if error.status == 429 { "rate_limit_exceeded" } else { "server_error" };
        response["error"] = json!({ "code": code, "message": message });
        response["usage"] = self.usage();
        self.items.emit("response.failed", json!({ "response": response }));
        out.append(&mut self.items.frames);
        out.extend_from_slice(DONE);
    }

    /// Closes what is open: the last event's name and the response.
    fn end(&mut self, completed: i64) -> (&'static str, Value) {
        let Self { answer, choice, items, .. } = self;
        let ending = choice.end(answer.blocked.as_ref(), &mut answer.notes, items);
        let Ending { finish_reason, annotations, message, .. } = ending;
        answer.note_emptiness(std::iter::once(&*choice));
        items.cite(annotations.unwrap_or_default());
        let why = match finish_reason {
            "length" => Some("max_output_tokens"),
            "content_filter" => Some("content_filter"),
            _ => None,
        };
        if why.is_none() {
            items.close("completed");
            let grounding = message.as_ref().and_then(|extras| extras.google.get("grounding_metadata"));
            let queries = grounding.and_then(|grounding| grounding["webSearchQueries"].as_array());
            items.searched(queries.map_or(&[], Vec::as_slice));
        }
        items.close("incomplete");
        let mut response = self.response(if why.is_some() { "incomplete" } else { "completed" });
        response["usage"] = self.usage();
        if let Some(reason) = why {
            response["incomplete_details"] = json!({ "reason": reason });
            return ("response.incomplete", response);
        }
        response["completed_at"] = json!(completed);
        ("response.completed", response)
    }

    fn usage(&self) -> Value {
        Usage::of(&self.answer.tally).map_or(Value::Null, |usage| {
            json!({
                "input_tokens": usage.prompt_tokens,
                "input_tokens_details": {
                    "cached_tokens": usage.prompt_tokens_details.cached_tokens, "cache_write_tokens": 0,
                },
                "output_tokens": usage.completion_tokens,
                "output_tokens_details": { "reasoning_tokens": usage.completion_tokens_details.reasoning_tokens },
                "total_tokens": usage.total_tokens,
            })
        })
    }

    /// The response as it stands, all keys there.
    fn response(&self, status: &str) -> Value {
        let mut response = json!({
            "id": self.id, "object": "response", "created_at": self.created, "completed_at": null, "status": status,
            "error": null, "incomplete_details": null, "output": self.items.done, "previous_response_id": null,
            "store": false, "top_logprobs": 0, "presence_penalty": 0, "frequency_penalty": 0, "truncation": "disabled",
            "background": false, "service_tier": "default", "usage": null,
        });
        if let Some(response) = response.as_object_mut() {
            response.extend(self.echo.clone());
        }
        response
    }

    /// The tool calls since the last time, for the vault.
    pub fn remembered(&mut self) -> Vec<Remembered> {
        std::mem::take(&mut self.answer.notes.remembered)
    }
}

const DONE: &[u8] = b"data: [DONE]\n\n";
