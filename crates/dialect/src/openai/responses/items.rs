//! The items of an answer as they grow, and the events that tell of them (`wire.md` §11.4).

use serde_json::{Map, Value, json};

use crate::openai::chat::Stamp;
use crate::openai::chat::choice::{Call, Sink};
use crate::openai::chat::ids::Ids;
use crate::openai::chat::shape::{Annotation, Audio, Image, Logprobs, ToolCall};

/// What an open item holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reasoning,
    Message,
}

/// The item that is open.
#[derive(Debug)]
struct Open {
    kind: Kind,
    id: String,
    text: String,
    annotations: Vec<Value>,
}

/// The items so far. Events are written only where a stream wants them.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) done: Vec<Value>,
    /// What is to be sent.
    pub(super) frames: Vec<u8>,
    pub(super) ids: Ids,
    streamed: bool,
    sequence: u64,
    open: Option<Open>,
    /// Characters of the messages that are closed.
    characters: usize,
}

impl Items {
    pub(super) fn new(stamp: Stamp, streamed: bool) -> Self {
        // Unlike the ids of the calls, which are drawn from the same seed.
        let ids = Ids::new(Stamp { seed: !stamp.seed, ..stamp });
        Self { done: Vec::new(), frames: Vec::new(), ids, streamed, sequence: 0, open: None, characters: 0 }
    }

    /// Writes an event.
    pub(super) fn emit(&mut self, kind: &str, mut data: Value) {
        if !self.streamed {
            return;
        }
        data["type"] = json!(kind);
        data["sequence_number"] = json!(self.sequence);
        self.sequence += 1;
        self.frames.extend_from_slice(format!("event: {kind}\ndata: {data}\n\n").as_bytes());
    }

    /// Writes an event about the item that is open, or the next one.
    fn tell(&mut self, kind: &str, mut data: Value) {
        data["output_index"] = json!(self.done.len());
        self.emit(kind, data);
    }

    fn open(&mut self, kind: Kind) {
        if self.open.as_ref().is_some_and(|open| open.kind == kind) {
            return;
        }
        self.close("completed");
        let id = self.ids.made(if kind == Kind::Message { "msg_" } else { "rs_" });
        self.open = Some(Open { kind, id: id.clone(), text: String::new(), annotations: Vec::new() });
        match kind {
            Kind::Reasoning => {
                let item = json!({ "type": "reasoning", "id": id, "status": "in_progress", "summary": [] });
                self.tell("response.output_item.added", json!({ "item": item }));
                let part = json!({ "type": "summary_text", "text": "" });
                let data = json!({ "item_id": id, "summary_index": 0, "part": part });
                self.tell("response.reasoning_summary_part.added", data);
            }
            Kind::Message => {
                let item = json!({
                    "type": "message", "id": id, "role": "assistant", "status": "in_progress", "content": [],
                });
                self.tell("response.output_item.added", json!({ "item": item }));
                let part = json!({ "type": "output_text", "text": "", "annotations": [], "logprobs": [] });
                let data = json!({ "item_id": id, "content_index": 0, "part": part });
                self.tell("response.content_part.added", data);
            }
        }
    }

    fn write(&mut self, kind: Kind, delta: &str) {
        self.open(kind);
        let Some(open) = &mut self.open else { return };
        open.text.push_str(delta);
        let id = open.id.clone();
        match kind {
            Kind::Reasoning => {
                let data = json!({ "item_id": id, "summary_index": 0, "delta": delta });
                self.tell("response.reasoning_summary_text.delta", data);
            }
            Kind::Message => {
                let data = json!({ "item_id": id, "content_index": 0, "delta": delta, "logprobs": [] });
                self.tell("response.output_text.delta", data);
            }
        }
    }

    /// Closes what is open.
    pub(super) fn close(&mut self, status: &str) {
        let Some(Open { kind, id, text, annotations }) = self.open.take() else { return };
        let item = match kind {
            Kind::Reasoning => {
                let part = json!({ "type": "summary_text", "text": text });
                let base = json!({ "item_id": id, "summary_index": 0 });
                self.tell("response.reasoning_summary_text.done", with(&base, "text", json!(text)));
                self.tell("response.reasoning_summary_part.done", with(&base, "part", part.clone()));
                json!({ "type": "reasoning", "id": id, "status": status, "summary": [part] })
            }
            Kind::Message => {
                self.characters += text.chars().count();
                let part = json!({
                    "type": "output_text", "text": text, "annotations": annotations, "logprobs": [],
                });
                let base = json!({ "item_id": id, "content_index": 0, "logprobs": [] });
                self.tell("response.output_text.done", with(&base, "text", json!(text)));
                let base = json!({ "item_id": id, "content_index": 0 });
                self.tell("response.content_part.done", with(&base, "part", part.clone()));
                json!({ "type": "message", "id": id, "role": "assistant", "status": status, "content": [part] })
            }
        };
        self.finish(item);
    }

    fn finish(&mut self, item: Value) {
        self.tell("response.output_item.done", json!({ "item": item }));
        self.done.push(item);
    }

    /// The sources of the message that is open; their places count from its first character.
    pub(super) fn cite(&mut self, all: Vec<Annotation>) {
        let before = self.characters;
        for Annotation { url_citation: cited, .. } in all {
            let Some(open) = self.open.as_mut().filter(|open| open.kind == Kind::Message) else { return };
            let Some(start) = cited.start_index.checked_sub(before) else { continue };
            let annotation = json!({
                "type": "url_citation", "start_index": start, "end_index": cited.end_index.saturating_sub(before),
                "url": cited.url, "title": cited.title,
            });
            let (id, at) = (open.id.clone(), open.annotations.len());
            open.annotations.push(annotation.clone());
            let data = json!({
                "item_id": id, "content_index": 0, "annotation_index": at, "annotation": annotation,
            });
            self.tell("response.output_text.annotation.added", data);
        }
    }

    /// A search of Google's.
    pub(super) fn searched(&mut self, queries: &[Value]) {
        let Some(first) = queries.first() else { return };
        let id = self.ids.made("ws_");
        let action = json!({ "type": "search", "query": first, "queries": queries });
        let mut item =
            json!({ "type": "web_search_call", "id": id, "status": "in_progress", "action": action });
        self.tell("response.output_item.added", json!({ "item": item }));
        for step in ["in_progress", "searching", "completed"] {
            self.tell(&format!("response.web_search_call.{step}"), json!({ "item_id": id }));
        }
        item["status"] = json!("completed");
        self.finish(item);
    }

    fn tool(&mut self, call: ToolCall) {
        let ToolCall { id: call_id, function, custom, extra_content, .. } = call;
        let is_custom = custom.is_some();
        let (name, said) = match (function, custom) {
            (Some(function), _) => (function.name, function.arguments),
            (None, Some(custom)) => (custom.name, custom.input),
            (None, None) => return,
        };
        let (prefix, kind, field, event) = if is_custom {
            ("ctc_", "custom_tool_call", "input", "response.custom_tool_call_input")
        } else {
            ("fc_", "function_call", "arguments", "response.function_call_arguments")
        };
        let id = self.ids.made(prefix);
        let mut item = json!({
            "type": kind, "id": id, "call_id": call_id, "name": name, field: "", "status": "in_progress",
        });
        self.tell("response.output_item.added", json!({ "item": item }));
        self.tell(&format!("{event}.delta"), json!({ "item_id": id, "delta": said }));
        self.tell(&format!("{event}.done"), json!({ "item_id": id, "name": name, field: said }));
        item[field] = json!(said);
        item["status"] = json!("completed");
        if let Some(signed) = extra_content {
            item["extra_content"] = json!(signed);
        }
        self.finish(item);
    }
}

impl Sink for Items {
    fn content(&mut self, text: &str) {
        self.write(Kind::Message, text);
    }

    fn reasoning(&mut self, text: &str) {
        self.write(Kind::Reasoning, text);
    }

    fn call(&mut self, call: Call) {
        self.close("completed");
        match call {
            Call::Tool(call) => self.tool(call),
            // Only Chat Completions has this form.
            Call::Legacy(_) => {}
        }
    }

    fn image(&mut self, image: Image) {
        self.close("completed");
        let id = self.ids.made("ig_");
        let data = image.image_url.url.split_once(',').map_or("", |(_, data)| data);
        let mut item =
            json!({ "type": "image_generation_call", "id": id, "status": "in_progress", "result": null });
        self.tell("response.output_item.added", json!({ "item": item }));
        for step in ["in_progress", "generating", "completed"] {
            self.tell(&format!("response.image_generation_call.{step}"), json!({ "item_id": id }));
        }
        item["status"] = json!("completed");
        item["result"] = json!(data);
        self.finish(item);
    }

    /// This API has no item for sound.
    fn audio(&mut self, _: Audio) {}

    fn logprobs(&mut self, _: Logprobs) {}
}

/// The object with one more key.
fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut map: Map<String, Value> = base.as_object().cloned().unwrap_or_default();
    map.insert(name.to_owned(), value);
    Value::Object(map)
}
