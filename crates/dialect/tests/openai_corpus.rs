//! Every recorded exchange, said in OpenAI's words. The recordings lie beside the repository and are not part
//! of it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

#[path = "openai/accumulator.rs"]
mod accumulator;

use std::fs;
use std::path::{Path, PathBuf};

use accumulator::Client;
use dialect::gemini::aggregate::Aggregate;
use dialect::gemini::response::GenerateContentResponse;
use dialect::openai::chat::stream::Encoder;
use dialect::openai::chat::warning::Warning;
use dialect::openai::chat::whole::completion;
use dialect::openai::chat::{Encoding, Stamp};
use dialect::openai::error::ApiError;
use serde_json::Value;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/open");
const STAMP: Stamp = Stamp { created: 1_790_000_000, seed: 7 };
/// What the corpus held when this was written.
const STREAMS: usize = 369;

/// Nothing of ours in the text, so that it can be compared.
fn encoding() -> Encoding {
    Encoding { model: "recorded".to_owned(), include_usage: true, show_thoughts: true, ..Encoding::default() }
}

fn exchanges(api: &str) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    let folders = fs::read_dir(CORPUS).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in folders.filter(|path| path.is_dir()) {
        for file in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            let exchange: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            if exchange["api"] == api {
                found.push((file, exchange));
            }
        }
    }
    found
}

fn is_absent() -> bool {
    let absent = !Path::new(CORPUS).is_dir();
    if absent {
        println!("skipped: the recordings are not here (all {STREAMS} streams and all whole answers)");
    }
    absent
}

/// The events of an exchange: one for a whole answer.
fn events(exchange: &Value) -> Vec<Value> {
    let response = &exchange["response"];
    let body = response.get("sse").or_else(|| response.get("body")).unwrap_or(&Value::Null);
    body.as_array().cloned().unwrap_or_else(|| vec![body.clone()])
}

fn parse(event: &Value) -> Option<GenerateContentResponse> {
    let is_answer = event.is_object() && event.get("error").is_none();
    is_answer.then(|| serde_json::from_value(event.clone()).expect("the types are lenient"))
}

/// What the parts say, read without our types.
#[derive(Default, Debug, PartialEq)]
struct Said {
    text: String,
    thoughts: String,
    calls: Vec<String>,
    signatures: Vec<String>,
    /// The last signature that is on text.
    text_signature: Option<String>,
    images: usize,
}

fn said(events: &[Value]) -> Said {
    let mut said = Said::default();
    let candidates = events.iter().filter_map(|event| event["candidates"].as_array()).flatten();
    for part in candidates.filter_map(|candidate| candidate["content"]["parts"].as_array()).flatten() {
        let thought = part["thought"] == true;
        let text = part["text"].as_str().unwrap_or_default();
        if thought {
            said.thoughts.push_str(text);
        } else {
            said.text.push_str(text);
        }
        if let Some(name) = part["functionCall"]["name"].as_str() {
            said.calls.push(name.to_owned());
            said.signatures.extend(part["thoughtSignature"].as_str().map(str::to_owned));
        }
        if let (Some(_), false, Some(signature)) =
            (part["text"].as_str(), thought, part["thoughtSignature"].as_str())
        {
            said.text_signature = Some(signature.to_owned());
        }
        let image = part["inlineData"]["mimeType"].as_str().is_some_and(|mime| mime.starts_with("image/"));
        said.images += usize::from(image && !thought);
    }
    said
}

/// The same of an OpenAI message.
fn said_by(message: &serde_json::Map<String, Value>) -> Said {
    let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    let images = message.get("images").and_then(Value::as_array).map_or(0, Vec::len);
    Said {
        text: text("content"),
        thoughts: text("reasoning_content"),
        calls: calls.clone().map(|call| call["function"]["name"].as_str().unwrap().to_owned()).collect(),
        signatures: calls
            .filter_map(|call| {
                call["extra_content"]["google"]["thought_signature"].as_str().map(str::to_owned)
            })
            .collect(),
        text_signature: message
            .get("extra_content")
            .and_then(|extra| extra["google"]["thought_signature"].as_str())
            .map(str::to_owned),
        images,
    }
}

fn failure() -> ApiError {
    ApiError {
        status: 502,
        kind: "server_error",
        code: Some("upstream_stream_error"),
        param: None,
        message: "cut".to_owned(),
    }
}

/// How many streams ended how.
#[derive(Debug, Default)]
struct Streams {
    whole: usize,
    /// No reason given: ends in an error of ours.
    cut: usize,
    /// An error among or instead of the events.
    broken: usize,
    calls: usize,
    annotations: usize,
}

#[test]
fn every_recorded_stream_is_a_valid_one_of_ours() {
    if is_absent() {
        return;
    }
    let mut streams = Streams::default();
    for (file, exchange) in exchanges("streamGenerateContent") {
        let mut theirs = said(&events(&exchange));
        let (client, broken) = replay(&exchange);
        let ours = client.choices.first().map(|choice| said_by(&choice.message)).unwrap_or_default();
        if !client.done {
            // Told last, so a cut answer never has it; nor can it be continued.
            theirs.text_signature = None;
        }
        assert_eq!(ours, theirs, "{}", file.display());
        assert!(client.choices.iter().all(|choice| choice.finish_reason.is_some() == client.done));
        assert!(
            client
                .choices
                .iter()
                .all(|choice| choice.text("role") == "assistant" && choice.logprobs().is_empty())
        );
        streams.calls += ours.calls.len();
        streams.annotations +=
            client.choices.iter().map(|choice| choice.list("annotations").len()).sum::<usize>();
        match (client.done, broken) {
            (true, _) => streams.whole += 1,
            (false, true) => streams.broken += 1,
            (false, false) => streams.cut += 1,
        }
    }
    println!("streams: {streams:?}");
    assert!(streams.whole + streams.cut + streams.broken >= STREAMS);
}

/// Encodes a recorded stream; the flag tells whether it held an error.
fn replay(exchange: &Value) -> (Client, bool) {
    let mut encoder = Encoder::new(encoding(), STAMP);
    let mut out = Vec::new();
    let mut broken = exchange["response"].get("trailing").is_some();
    let mut is_ended = false;
    for event in &events(exchange) {
        let Some(event) = parse(event) else {
            broken = true;
            continue;
        };
        let has_reason = event.candidates().iter().any(|candidate| candidate.finish().is_some());
        is_ended |= has_reason || event.block_reason().is_some();
        encoder.push(&event, &mut out);
    }
    let complete = is_ended && !broken;
    if complete {
        encoder.finish(&mut out);
    } else {
        encoder.fail(&failure(), &mut out);
    }
    let client = Client::read(&out);
    assert_eq!(client.done, complete);
    assert_eq!(client.error.is_some(), !complete);
    (client, broken)
}

fn gathered(events: Vec<GenerateContentResponse>) -> GenerateContentResponse {
    let mut aggregate = Aggregate::new();
    for event in events {
        aggregate.push(event);
    }
    aggregate.finish()
}

/// The same stream, gathered before it is said and said piece by piece.
#[test]
fn every_recorded_stream_says_the_same_when_it_is_gathered() {
    if is_absent() {
        return;
    }
    let mut same = 0;
    for (file, exchange) in exchanges("streamGenerateContent") {
        let (client, _) = replay(&exchange);
        if !client.done {
            continue;
        }
        let events: Vec<_> = events(&exchange).iter().filter_map(parse).collect();
        let completion = completion(&gathered(events), &encoding(), STAMP);
        client.assert_says(&serde_json::from_str(&completion.body).unwrap(), &file.display().to_string());
        same += 1;
    }
    println!("streams gathered: {same}");
    assert!(same >= 250, "{same}");
}

/// What came of the whole answers.
#[derive(Debug, Default)]
struct Wholes {
    valid: usize,
    errors: usize,
    calls: usize,
    annotations: usize,
    logprobs: usize,
    /// Citations of recordings whose text was cut short by their authors.
    with_lost_citations: usize,
}

#[test]
fn every_recorded_answer_is_a_valid_completion() {
    if is_absent() {
        return;
    }
    let mut wholes = Wholes::default();
    for (file, exchange) in exchanges("generateContent") {
        // A few are lists of events, which belong together.
        let events = events(&exchange);
        let Some(responses) = events.iter().map(parse).collect::<Option<Vec<_>>>() else {
            wholes.errors += 1;
            continue;
        };
        let completion = completion(&gathered(responses), &encoding(), STAMP);
        let body: Value = serde_json::from_str(&completion.body).unwrap();
        check(&body);
        let message = body["choices"][0]["message"].as_object().unwrap();
        assert_eq!(said_by(message), said(&events), "{}", file.display());
        assert_eq!(completion.remembered.len(), said_by(message).calls.len());
        check_passages(message, &events);
        wholes.calls += completion.remembered.len();
        wholes.annotations += message.get("annotations").and_then(Value::as_array).map_or(0, Vec::len);
        wholes.logprobs += usize::from(body["choices"][0]["logprobs"].is_object());
        wholes.with_lost_citations += usize::from(completion.warnings.contains(&Warning::CitationNotFound));
        wholes.valid += 1;
    }
    println!("whole answers: {wholes:?}");
    assert!(wholes.valid >= 1000 && wholes.with_lost_citations <= 3, "{wholes:?}");
}

/// Each annotation marks a passage that Google named (those without its text cannot be checked).
fn check_passages(message: &serde_json::Map<String, Value>, events: &[Value]) {
    let candidates = events.iter().filter_map(|event| event["candidates"].as_array()).flatten();
    let supports =
        candidates.filter_map(|candidate| candidate["groundingMetadata"]["groundingSupports"].as_array());
    let named: Vec<&str> =
        supports.flatten().filter_map(|support| support["segment"]["text"].as_str()).collect();
    let content: Vec<char> = message["content"].as_str().unwrap_or_default().chars().collect();
    for annotation in message.get("annotations").and_then(Value::as_array).into_iter().flatten() {
        let at = |key: &str| usize::try_from(annotation["url_citation"][key].as_u64().unwrap()).unwrap();
        let passage: String = content[at("start_index")..at("end_index")].iter().collect();
        assert!(named.is_empty() || named.contains(&passage.as_str()), "{passage}");
    }
}

/// What OpenAI's models demand of a completion (`gemini-2026-11.md` §5.3).
fn check(body: &Value) {
    assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!(body["object"], "chat.completion");
    assert!(body["created"].is_u64() && body["model"].is_string());
    for choice in body["choices"].as_array().unwrap() {
        assert!(choice["index"].is_u64() && choice["finish_reason"].is_string());
        assert_eq!(choice["message"]["role"], "assistant");
        let content = choice["message"].get("content").expect("null, not absent");
        assert!(
            content.is_string()
                || choice["message"].get("tool_calls").is_some()
                || choice["finish_reason"] == "content_filter"
                || choice["message"].get("audio").is_some()
        );
        for call in choice["message"]["tool_calls"].as_array().into_iter().flatten() {
            assert!(call["id"].is_string() && call["type"] == "function");
            serde_json::from_str::<Value>(call["function"]["arguments"].as_str().unwrap()).unwrap();
        }
        for annotation in choice["message"]["annotations"].as_array().into_iter().flatten() {
            let citation = &annotation["url_citation"];
            assert!(citation["start_index"].as_u64() <= citation["end_index"].as_u64());
            assert!(citation["url"].is_string() && citation["title"].is_string());
        }
    }
    if let Some(usage) = body.get("usage") {
        for key in ["prompt_tokens", "completion_tokens", "total_tokens"] {
            assert!(usage[key].is_u64());
        }
    }
}
