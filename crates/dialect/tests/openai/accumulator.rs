//! A client that puts a stream together as OpenAI's Python SDK does, and is stricter about what it accepts
//! (`gemini-2026-11.md` §5.4).

use serde_json::{Map, Value};

/// What a client holds after a stream.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) choices: Vec<Choice>,
    pub(crate) usage: Option<Value>,
    pub(crate) error: Option<Value>,
    pub(crate) done: bool,
    head: Option<[Value; 3]>,
    promises_usage: Option<bool>,
}

/// One choice of it.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    pub(crate) message: Map<String, Value>,
    pub(crate) finish_reason: Option<String>,
    extra_content: Option<Value>,
    logprobs: Vec<Value>,
}

impl Choice {
    pub(crate) fn text(&self, key: &str) -> &str {
        self.message.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn list(&self, key: &str) -> &[Value] {
        self.message.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn logprobs(&self) -> &[Value] {
        &self.logprobs
    }
}

impl Client {
    /// Reads a whole stream; panics where an SDK would throw, and where the rules of a good stream are
    /// broken.
    pub(crate) fn read(stream: &[u8]) -> Self {
        let text = std::str::from_utf8(stream).expect("a stream is text");
        let mut client = Self::default();
        for frame in text.split_terminator("\n\n") {
            let data = frame.strip_prefix("data: ").expect("every frame is data");
            assert!(!data.contains(['\n', '\r']), "an event is one line");
            assert!(!client.done && client.error.is_none(), "nothing follows the end");
            if data == "[DONE]" {
                client.done = true;
                continue;
            }
            client.event(&serde_json::from_str(data).expect("an event is JSON"));
        }
        assert!(text.is_empty() || text.ends_with("\n\n"), "the last event ends in a blank line");
        client.check_end();
        client
    }

    fn event(&mut self, event: &Value) {
        if event["error"].is_object() {
            assert!(event["error"]["message"].is_string());
            self.error = Some(event["error"].clone());
            return;
        }
        assert_eq!(event["object"], "chat.completion.chunk");
        let head = ["id", "created", "model"].map(|key| event[key].clone());
        assert_eq!(*self.head.get_or_insert_with(|| head.clone()), head, "the head never changes");
        assert!(self.usage.is_none(), "usage is in the last chunk");
        let keys = event.as_object().expect("a chunk is an object");
        let promises = *self.promises_usage.get_or_insert(keys.contains_key("usage"));
        assert_eq!(promises, keys.contains_key("usage"), "usage is null until the end, or absent");
        self.usage = event.get("usage").filter(|usage| !usage.is_null()).cloned();
        let choices = event["choices"].as_array().expect("choices is a list");
        assert_eq!(choices.is_empty(), self.usage.is_some(), "usage comes alone");
        for choice in choices {
            self.choice(choice);
        }
    }

    fn choice(&mut self, choice: &Value) {
        let index = usize::try_from(choice["index"].as_u64().expect("a choice has an index")).unwrap();
        assert!(index <= self.choices.len(), "choices begin in order");
        if index == self.choices.len() {
            assert_eq!(choice["delta"]["role"], "assistant", "the first delta has the role");
            self.choices.push(Choice::default());
        } else {
            assert!(choice["delta"].get("role").is_none(), "the role is said once");
        }
        let known = &mut self.choices[index];
        assert!(known.finish_reason.is_none(), "nothing follows the finish of a choice");
        let delta = choice["delta"].as_object().expect("delta is an object");
        check_calls(known.list("tool_calls").len(), delta.get("tool_calls"));
        accumulate(&mut known.message, delta);
        known.finish_reason = choice["finish_reason"].as_str().map(str::to_owned);
        assert!(
            choice.get("finish_reason").is_some() && choice.get("logprobs").is_some(),
            "null, not absent"
        );
        known.extra_content = choice.get("extra_content").cloned();
        known.logprobs.extend(choice["logprobs"]["content"].as_array().into_iter().flatten().cloned());
    }

    /// Holds this client what one holds who got this `chat.completion` instead?
    pub(crate) fn assert_says(&self, completion: &Value, whose: &str) {
        assert_eq!(self.head.as_ref().map(|[id, ..]| id), completion.get("id"), "{whose}");
        if self.promises_usage == Some(true) {
            assert_eq!(self.usage.as_ref(), completion.get("usage"), "{whose}");
        }
        let choices = completion["choices"].as_array().unwrap();
        assert_eq!(choices.len(), self.choices.len(), "{whose}");
        for (whole, streamed) in choices.iter().zip(&self.choices) {
            let message = whole["message"].as_object().unwrap();
            assert_eq!(comparable(message), comparable(&streamed.message), "{whose}");
            assert_eq!(whole["finish_reason"].as_str(), streamed.finish_reason.as_deref(), "{whose}");
            assert_eq!(whole.get("extra_content"), streamed.extra_content.as_ref(), "{whose}");
            let logprobs = whole["logprobs"]["content"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert_eq!(logprobs, streamed.logprobs(), "{whose}");
        }
    }

    fn check_end(&self) {
        assert!(!(self.done && self.error.is_some()), "an error is the end");
        let words = ["stop", "length", "tool_calls", "content_filter", "function_call"];
        for choice in self.choices.iter().filter(|_| self.done) {
            let reason = choice.finish_reason.as_deref().expect("every choice has a finish reason");
            assert!(words.contains(&reason), "{reason}");
        }
        assert!(!self.done || !self.choices.is_empty(), "there is always a choice");
    }
}

/// A message without what its two forms have each in its own way: places in lists, nulls and empty text, how the
/// base64 of a sound is cut, and made ids, which are dealt out in the order of the calls.
fn comparable(message: &Map<String, Value>) -> Map<String, Value> {
    let mut message = message.clone();
    message.retain(|_, value| !value.is_null() && value != "");
    for entry in message.values_mut().filter_map(Value::as_array_mut).flatten() {
        let entry = entry.as_object_mut().unwrap();
        entry.shift_remove("index");
        entry.get_mut("id").into_iter().for_each(|id| *id = Value::from("made"));
    }
    if let Some(audio) = message.get_mut("audio") {
        audio["data"] = Value::Null;
    }
    message
}

/// Each new call has the next index, an id, a type and a name; arguments are JSON.
fn check_calls(known: usize, delta: Option<&Value>) {
    for (call, index) in delta.and_then(Value::as_array).into_iter().flatten().zip(known..) {
        assert_eq!(call["index"].as_u64(), Some(index as u64), "indices are dense");
        assert!(call["id"].as_str().is_some_and(|id| !id.is_empty() && id.len() <= 40));
        let kind = call["type"].as_str().expect("a call has a type");
        assert!(call[kind]["name"].is_string());
        if kind == "function" {
            let arguments = call["function"]["arguments"].as_str().expect("arguments are text");
            serde_json::from_str::<Value>(arguments).expect("arguments are JSON");
        }
    }
}

/// `accumulate_delta` of the SDK: joins strings, adds numbers, merges lists by `index`.
fn accumulate(known: &mut Map<String, Value>, delta: &Map<String, Value>) {
    for (key, new) in delta {
        let old = known.entry(key.clone()).or_insert(Value::Null);
        match (old, new) {
            (old @ Value::Null, new) => *old = new.clone(),
            (old, new) if key == "index" || key == "type" => *old = new.clone(),
            (Value::String(old), Value::String(new)) => old.push_str(new),
            (Value::Object(old), Value::Object(new)) => accumulate(old, new),
            (Value::Array(old), Value::Array(new)) => accumulate_list(key, old, new),
            (old @ Value::Number(_), Value::Number(new)) => {
                *old = (old.as_f64().unwrap() + new.as_f64().unwrap()).into();
            }
            (_, Value::Null) => {}
            (old, new) => panic!("{key} changes from {old} to {new}"),
        }
    }
}

fn accumulate_list(key: &str, known: &mut Vec<Value>, delta: &[Value]) {
    if known.iter().all(|entry| !entry.is_object()) {
        known.extend_from_slice(delta);
        return;
    }
    for entry in delta {
        let index = entry["index"].as_u64().unwrap_or_else(|| panic!("an entry of {key} has no index"));
        let index = usize::try_from(index).unwrap();
        match known.get_mut(index) {
            Some(old) => accumulate(old.as_object_mut().unwrap(), entry.as_object().unwrap()),
            None => known.insert(index.min(known.len()), entry.clone()),
        }
    }
}
