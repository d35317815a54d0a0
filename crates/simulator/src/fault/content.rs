//! Faults that change what an answer says; they work on the events of a stream and on the one of a plain call alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Fault;
use crate::png;
use crate::refusal::Refusal;

/// One event of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// A response object, framed as the stream frames them.
    Json(Value),
    /// Bytes that ignore the framing.
    Raw(String),
}

/// Applies one fault to the events.
pub(crate) fn shape(fault: &Fault, events: Vec<Value>) -> Vec<Event> {
    let last = events.len().saturating_sub(1);
    let mut events = events;
    match fault.name() {
        "error-first" => return vec![Event::Json(overload())],
        "error-mid" => return broken(fault, events, Event::Json(overload())),
        "error-raw" => {
            let text = serde_json::to_string_pretty(&overload()).unwrap_or_default();
            return broken(fault, events, Event::Raw(format!("{text}\n")));
        }
        _ if !says_something(&events) => {}
        "eof-early" => {
            events.truncate((events.len() / 2).max(1));
            events.iter_mut().for_each(unfinished);
        }
        "eof-balanced" => events.iter_mut().for_each(unfinished),
        "finish-first" => finish_first(&mut events),
        "finish-alone" => finish_alone(&mut events),
        "stop-every-chunk" => {
            each_candidate_stops(&mut events);
        }
        "unknown-finish" => {
            edit_last(&mut events, |event| event["candidates"][0]["finishReason"] = json!("SOLAR_FLARE"));
        }
        "no-usage" => events.iter_mut().for_each(|event| drop_field(event, "usageMetadata")),
        "usage-only" => {
            let mut usage = events.get(last).cloned().unwrap_or_default();
            drop_field(&mut usage, "candidates");
            events.push(usage);
        }
        "shrinking-usage" => shrink(&mut events),
        "inclusive-thoughts" => events.iter_mut().for_each(inclusive),
        "signature-empty-part" => sign_empty(&mut events),
        "big-image" => big_image(fault, &mut events),
        name => events = replaced(name, events),
    }
    events.into_iter().map(Event::Json).collect()
}

/// Whether there are candidates to spoil; counts, lists and vectors have none.
fn says_something(events: &[Value]) -> bool {
    !events.is_empty() && events.iter().all(|event| event["candidates"].get(0).is_some())
}

/// Faults that leave a single event, or a few, in place of the answer.
fn replaced(name: &str, mut events: Vec<Value>) -> Vec<Value> {
    let Some(tail) = events.pop() else { return events };
    let bare = |finish: &str, message: &str| finished(&tail, finish, message);
    let with_parts = |parts: Value| {
        let candidate =
            json!({"content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "index": 0});
        with_candidate(&tail, candidate)
    };
    match name {
        "blocked" => vec![blocked(&tail)],
        "malformed-call" => {
            vec![bare("MALFORMED_FUNCTION_CALL", "Malformed function call: print(default_api.lookup(query=")]
        }
        "unexpected-call" => vec![bare("UNEXPECTED_TOOL_CALL", "Unexpected tool call: lookup")],
        "recitation" => vec![bare("RECITATION", "")],
        "pup-limited" => vec![bare("PUP_LIMITED_DISABLED", "")],
        "missing-signature-finish" => {
            vec![bare("MISSING_THOUGHT_SIGNATURE", "Function call is missing a thought_signature")]
        }
        "safety" => {
            events.truncate(events.len().div_ceil(2));
            let mut stop = bare("SAFETY", "");
            stop["candidates"][0]["content"] = json!({});
            stop["candidates"][0]["safetyRatings"] = json!([{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": true}]);
            events.push(stop);
            events
        }
        "thought-only" => {
            vec![with_parts(json!([{"text": "**Thinking**\n\nI think, and that is all.", "thought": true}]))]
        }
        "empty-parts" => vec![with_parts(json!([]))],
        "empty-stop" => vec![bare("STOP", "")],
        "empty" => {
            let mut event = tail.clone();
            drop_field(&mut event, "candidates");
            forget_output(&mut event);
            vec![event]
        }
        _ => {
            events.push(tail);
            events
        }
    }
}

/// The last event with a reason and nothing said.
fn finished(tail: &Value, finish: &str, message: &str) -> Value {
    let mut candidate = json!({"finishReason": finish, "index": 0});
    if !message.is_empty() {
        candidate["finishMessage"] = json!(message);
    }
    let mut event = with_candidate(tail, candidate);
    forget_output(&mut event);
    event
}

fn with_candidate(tail: &Value, candidate: Value) -> Value {
    let mut event = tail.clone();
    event["candidates"] = Value::Array(vec![candidate]);
    event
}

fn overload() -> Value {
    Refusal::rpc(503, "UNAVAILABLE", "The model is overloaded. Please try again later.").json()
}

/// The first N events (1 unless told), then the error.
fn broken(fault: &Fault, events: Vec<Value>, error: Event) -> Vec<Event> {
    let keep = usize::try_from(fault.number(1)).unwrap_or(1);
    let mut events: Vec<Event> = events
        .into_iter()
        .take(keep)
        .map(|mut event| {
            unfinished(&mut event);
            Event::Json(event)
        })
        .collect();
    events.push(error);
    events
}

fn blocked(event: &Value) -> Value {
    let prompt = &event["usageMetadata"]["promptTokenCount"];
    json!({
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": {"promptTokenCount": prompt, "totalTokenCount": prompt},
        "modelVersion": event["modelVersion"],
        "responseId": event["responseId"],
    })
}

fn unfinished(event: &mut Value) {
    for candidate in event["candidates"].as_array_mut().into_iter().flatten() {
        drop_field(candidate, "finishReason");
        drop_field(candidate, "finishMessage");
    }
}

fn each_candidate_stops(events: &mut [Value]) {
    for event in events {
        event["candidates"][0]["finishReason"] = json!("STOP");
    }
}

fn finish_first(events: &mut [Value]) {
    events.iter_mut().for_each(unfinished);
    if let Some(first) = events.first_mut() {
        first["candidates"][0]["finishReason"] = json!("STOP");
    }
}

/// The reason in an event of its own, without content (wire.md §7.2 shape 3).
fn finish_alone(events: &mut Vec<Value>) {
    let Some(mut end) = events.last().cloned() else { return };
    let finish = end["candidates"][0]["finishReason"].clone();
    events.iter_mut().for_each(unfinished);
    end["candidates"] = json!([{"finishReason": finish, "index": 0}]);
    events.push(end);
}

fn edit_last(events: &mut [Value], edit: impl Fn(&mut Value)) {
    if let Some(last) = events.last_mut() {
        edit(last);
    }
}

fn shrink(events: &mut [Value]) {
    edit_last(events, |event| {
        let usage = &mut event["usageMetadata"];
        for name in ["promptTokenCount", "candidatesTokenCount"] {
            let less = usage[name].as_u64().unwrap_or(0) / 2;
            usage[name] = json!(less.max(1));
        }
        let total = ["promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"];
        usage["totalTokenCount"] = json!(total.iter().filter_map(|name| usage[*name].as_u64()).sum::<u64>());
        drop_field(usage, "cachedContentTokenCount");
    });
}

/// Candidates that already include the thoughts (wire.md §6.5).
fn inclusive(event: &mut Value) {
    let usage = &mut event["usageMetadata"];
    let thoughts = usage["thoughtsTokenCount"].as_u64().unwrap_or(0);
    let spoken = usage["candidatesTokenCount"].as_u64().unwrap_or(0);
    usage["candidatesTokenCount"] = json!(spoken + thoughts);
}

fn sign_empty(events: &mut Vec<Value>) {
    let Some(mut end) = events.last().cloned() else { return };
    let finish = end["candidates"][0]["finishReason"].clone();
    let signature = STANDARD.encode("a signature on an empty part");
    events.iter_mut().for_each(unfinished);
    end["candidates"] = json!([{"content": {"parts": [{"text": "", "thoughtSignature": signature}], "role": "model"}, "finishReason": finish, "index": 0}]);
    events.push(end);
}

fn big_image(fault: &Fault, events: &mut [Value]) {
    let megabytes = usize::try_from(fault.number(1).min(256)).unwrap_or(1);
    let data = STANDARD.encode(png::picture([9, 9, 9], megabytes << 20));
    if let Some(first) = events.first_mut() {
        first["candidates"][0]["content"] =
            json!({"parts": [{"inlineData": {"mimeType": "image/png", "data": data}}], "role": "model"});
    }
}

/// What a candidate without output leaves of the usage.
fn forget_output(event: &mut Value) {
    let usage = &mut event["usageMetadata"];
    drop_field(usage, "candidatesTokenCount");
    let prompt = usage["promptTokenCount"].clone();
    if usage.is_object() {
        drop_field(usage, "thoughtsTokenCount");
        usage["totalTokenCount"] = prompt;
    }
}

fn drop_field(value: &mut Value, name: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove(name);
    }
}
