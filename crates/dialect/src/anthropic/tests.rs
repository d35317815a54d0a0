//! Requests as Anthropic's clients send them, and answers as they read them (`wire.md` §12).

mod answers;
mod conversations;
mod options;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::request::MessagesRequest;
use super::{Translated, to_gemini};
use crate::model::{Capabilities, Catalogue};
use crate::openai::chat::translate::Context;
use crate::openai::chat::{Policy, Remembered};
use crate::openai::error::ApiError;

fn model(id: &str) -> &'static Capabilities {
    &Catalogue::builtin().get(id).unwrap().capabilities
}

fn translate_for(
    id: &str,
    body: &Value,
    recall: &HashMap<String, Remembered>,
) -> Result<Translated, ApiError> {
    let policy = Policy::default();
    let request = MessagesRequest::parse(body.to_string().as_bytes())?;
    to_gemini(request, &Context { capabilities: model(id), policy: &policy, recall })
}

fn translated(body: &Value) -> Translated {
    translate_for("gemini-3.8-flash", body, &HashMap::new()).expect("a request that can be translated")
}

/// What Gemini gets.
fn sent(body: &Value) -> Value {
    serde_json::to_value(translated(body).request).unwrap()
}

/// A request with these fields besides a user message.
fn asking(fields: &Value) -> Value {
    let mut body =
        json!({ "model": "m", "max_tokens": 8_192, "messages": [{ "role": "user", "content": "Hi" }] });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}
