//! Requests as clients send them, and what Gemini gets (`wire.md` §16, R1 to R20).

mod format;
mod history;
mod media;
mod messages;
pub(super) mod models;
mod params;
mod random;
mod signatures;
mod tools;

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Context, to_gemini};
use crate::model::Capabilities;
use crate::openai::chat::request::ChatRequest;
use crate::openai::chat::{Policy, Remembered, Translated};
use crate::openai::error::ApiError;

/// Translates with the default policy and nothing remembered.
pub(super) fn translate(capabilities: &Capabilities, body: &Value) -> Result<Translated, ApiError> {
    translate_with(capabilities, &Policy::default(), body)
}

pub(super) fn translate_with(
    capabilities: &Capabilities,
    policy: &Policy,
    body: &Value,
) -> Result<Translated, ApiError> {
    recalling(capabilities, policy, &HashMap::new(), body)
}

fn recalling(
    capabilities: &Capabilities,
    policy: &Policy,
    recall: &HashMap<String, Remembered>,
    body: &Value,
) -> Result<Translated, ApiError> {
    let request = ChatRequest::parse(body.to_string().as_bytes())?;
    to_gemini(request, &Context { capabilities, policy, recall })
}

/// What Gemini gets, one line for each content and each other field; `store: false` and thinking, which are
/// always there, left out.
fn sent(capabilities: &Capabilities, body: &Value) -> String {
    lines(&translate(capabilities, body).expect("a request that can be translated"))
}

fn lines(translated: &Translated) -> String {
    let mut request = serde_json::to_value(&translated.request).unwrap();
    let mut text = String::new();
    for content in request["contents"].take().as_array().unwrap() {
        let parts: Vec<String> = content["parts"].as_array().unwrap().iter().map(Value::to_string).collect();
        writeln!(text, "{}: {}", content["role"].as_str().unwrap(), parts.join(" ")).unwrap();
    }
    if let Some(config) = request.get_mut("generationConfig").and_then(Value::as_object_mut) {
        config.shift_remove("thinkingConfig");
    }
    for (name, value) in request.as_object().unwrap() {
        let empty = value.is_null() || *value == json!({}) || (name == "store" && *value == json!(false));
        if !empty {
            writeln!(text, "{name}: {value}").unwrap();
        }
    }
    if !translated.ignored.is_empty() {
        writeln!(text, "(ignored: {})", translated.ignored.join(", ")).unwrap();
    }
    text
}

/// The refusal: `param | code | message`.
fn refused(capabilities: &Capabilities, body: &Value) -> String {
    let error = translate(capabilities, body).expect_err("a request that is refused");
    assert_eq!(error.status, 400);
    error.message
}

/// A request with only these fields besides a user message.
pub(super) fn asking(fields: &Value) -> Value {
    let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// A request with only these messages.
fn chat(messages: &Value) -> Value {
    json!({ "model": "m", "messages": messages })
}
