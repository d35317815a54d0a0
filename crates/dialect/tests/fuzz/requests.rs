//! What clients send.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use dialect::anthropic::{self, error::envelope, request::MessagesRequest};
use dialect::model::{Capabilities, Catalogue};
use dialect::openai::chat::Policy;
use dialect::openai::chat::request::ChatRequest;
use dialect::openai::chat::translate::{Context, to_gemini};
use dialect::openai::embeddings::{EmbeddingsRequest, vectors};
use dialect::openai::error::ApiError;
use serde_json::Value;

use crate::mutate::Dice;
use crate::upstream::same_again;

/// What one of the catalogue's models can do.
pub(crate) fn capabilities(dice: &mut Dice) -> &'static Capabilities {
    static ALL: LazyLock<Vec<Arc<Capabilities>>> =
        LazyLock::new(|| Catalogue::builtin().models().map(|model| model.capabilities.clone()).collect());
    dice.pick::<Arc<Capabilities>>(&ALL)
}

fn policy(dice: &mut Dice) -> Policy {
    Policy {
        strict_params: dice.one_in(4),
        drop_params: dice.one_in(3),
        expose_reasoning: dice.one_in(2),
        default_thinking_budget: Some(512).filter(|_| dice.one_in(2)),
        allow_store: dice.one_in(2),
        ..Policy::default()
    }
}

/// A refusal is the client's, says something, and can be sent.
fn refused(error: &ApiError) -> bool {
    assert!(error.status == 400 && !error.message.is_empty(), "{error:?}");
    serde_json::from_str::<Value>(&error.to_json()).expect("a refusal is JSON");
    envelope(error.status, &error.message, None);
    false
}

pub(crate) fn chat(input: &[u8], dice: &mut Dice) -> bool {
    let request = match ChatRequest::parse(input) {
        Ok(request) => request,
        Err(error) => return refused(&error),
    };
    let (policy, recall) = (policy(dice), HashMap::new());
    let context = Context { capabilities: capabilities(dice), policy: &policy, recall: &recall };
    match to_gemini(request, &context) {
        Ok(done) => sendable(&same_again(&done.request), &done.ignored, input),
        Err(error) => refused(&error),
    }
}

pub(crate) fn messages(input: &[u8], dice: &mut Dice) -> bool {
    let request = match MessagesRequest::parse(input) {
        Ok(request) => request,
        Err(error) => return refused(&error),
    };
    let (policy, recall) = (policy(dice), HashMap::new());
    let context = Context { capabilities: capabilities(dice), policy: &policy, recall: &recall };
    match anthropic::to_gemini(request, &context) {
        Ok(done) => sendable(&same_again(&done.request), &done.ignored, input),
        Err(error) => refused(&error),
    }
}

/// There is something in it, it is not out of proportion, and the names fit into a header.
fn sendable(sent: &Value, ignored: &[String], input: &[u8]) -> bool {
    assert!(sent["contents"].as_array().is_some_and(|contents| !contents.is_empty()), "{sent}");
    assert!(sent.to_string().len() <= 65_536 + 64 * input.len(), "far larger than what came");
    assert!(ignored.iter().all(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())));
    true
}

pub(crate) fn embeddings(input: &[u8], dice: &mut Dice) -> bool {
    let given = vectors(input);
    let parsed = EmbeddingsRequest::parse(input).inspect_err(|error| assert!(!refused(error)));
    let is_accepted = given.is_some() || parsed.is_ok();
    let plain = [r#"{"input":"a"}"#, r#"{"input":"a","encoding_format":"base64"}"#];
    let request = parsed.unwrap_or_else(|_| EmbeddingsRequest::parse(dice.pick(&plain).as_bytes()).unwrap());
    let batches = request.batches("m");
    assert_eq!(batches.iter().map(|(_, texts)| texts.len()).sum::<usize>(), request.inputs.len());
    for (body, texts) in &batches {
        assert!(texts.len() <= 100 && body["requests"].as_array().unwrap().len() == texts.len());
    }
    let vectors = given.unwrap_or_else(|| vec![vec![0.6, 0.8]]);
    let count = vectors.len();
    let answer = request.answer(vectors, 1);
    let data = answer["data"].as_array().unwrap();
    assert_eq!(data.len(), count);
    for row in data.iter().filter_map(|row| row["embedding"].as_array()) {
        assert!(row.iter().all(Value::is_number), "a vector holds numbers: {row:?}");
    }
    is_accepted
}
