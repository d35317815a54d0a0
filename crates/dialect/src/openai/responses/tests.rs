//! Requests into Gemini's words, answers into events.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::request::ResponsesRequest;
use super::stream::{Encoder, whole};
use super::{Encoding, Translated, to_gemini};
use crate::model::Catalogue;
use crate::openai::chat::translate::Context;
use crate::openai::chat::{Policy, Stamp};
use crate::openai::error::ApiError;

const STAMP: Stamp = Stamp { created: 7, seed: 1 };

fn translate(body: &Value) -> Result<Translated, ApiError> {
    let (policy, recall) = (Policy::default(), HashMap::new());
    let known = &Catalogue::builtin().get("gemini-3.8-flash").unwrap().capabilities;
    let context = Context { capabilities: known, policy: &policy, recall: &recall };
    to_gemini(ResponsesRequest::parse(body.to_string().as_bytes())?, &context)
}

fn encoding() -> Encoding {
    translate(&json!({ "model": "gemini-3.8-flash", "input": "hi" })).unwrap().encoding
}

#[test]
fn items_become_turns_and_calls_find_their_results() {
    let done = translate(&json!({
        "model": "gemini-3.8-flash", "instructions": "Be short.", "max_output_tokens": 99,
        "text": { "format": { "type": "json_schema", "name": "x", "schema": { "type": "object" } } },
        "tools": [{ "type": "function", "name": "add", "parameters": { "type": "object" } }],
        "input": [
            { "role": "user", "content": [{ "type": "input_text", "text": "1+1?" }] },
            { "type": "reasoning", "id": "rs_1", "summary": [] },
            { "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "add", "arguments": "{\"a\":1}" },
            { "type": "function_call_output", "call_id": "call_1", "output": "2" },
        ],
    }));
    let request = serde_json::to_value(done.unwrap().request).unwrap();
    assert_eq!(request["systemInstruction"]["parts"][0]["text"], "Be short.");
    assert_eq!(request["generationConfig"]["maxOutputTokens"], 99);
    assert_eq!(request["generationConfig"]["responseMimeType"], "application/json");
    assert_eq!(request["contents"][0]["parts"][0]["text"], "1+1?");
    assert_eq!(request["contents"][1]["parts"][0]["functionCall"]["name"], "add");
    assert_eq!(request["contents"][2]["parts"][0]["functionResponse"]["name"], "add");
}

#[test]
fn refusals_name_this_apis_fields() {
    let table = [
        (json!({}), "input"),
        (json!({ "input": [] }), "input"),
        (json!({ "input": "x", "previous_response_id": "resp_1" }), "previous_response_id"),
        (json!({ "input": "x", "background": true }), "background"),
        (json!({ "input": [{ "type": "item_reference", "id": "x" }] }), "input[0]"),
        (json!({ "input": [{ "type": "dance" }] }), "input[0].type"),
        (json!({ "input": "x", "max_output_tokens": "many" }), "max_output_tokens"),
        (
            json!({ "instructions": "x", "input": [{ "type": "reasoning" }, { "role": "poet", "content": "x" }] }),
            "input[1].role",
        ),
    ];
    for (body, param) in table {
        let error = ResponsesRequest::parse(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.param.as_deref(), Some(param), "{body}");
        assert!(error.status == 400 && error.message.starts_with(param), "{error}");
    }
}

#[test]
fn a_stream_numbers_its_events_and_ends_with_what_a_whole_answer_is() {
    let events = [
        json!({ "candidates": [{ "content": { "parts": [{ "text": "Hmm", "thought": true }] } }] }),
        json!({ "candidates": [{ "content": { "parts": [{ "text": "Hel" }] } }] }),
        json!({ "candidates": [{ "content": { "parts": [
            { "text": "lo" }, { "functionCall": { "name": "add", "args": { "a": 1 } } },
        ] }, "finishReason": "STOP" }], "usageMetadata": { "promptTokenCount": 3, "candidatesTokenCount": 4 } }),
    ];
    let (mut encoder, mut out) = (Encoder::new(encoding(), STAMP), Vec::new());
    for event in &events {
        encoder.push(&serde_json::from_value(event.clone()).unwrap(), &mut out);
    }
    encoder.finish(9, &mut out);
    let text = String::from_utf8(out).unwrap();
    let body = text.strip_suffix("data: [DONE]\n\n").unwrap();
    let frames: Vec<Value> = body
        .split_terminator("\n\n")
        .map(|frame| serde_json::from_str(frame.split_once("data: ").unwrap().1).unwrap())
        .collect();
    assert!(frames.iter().enumerate().all(|(at, frame)| frame["sequence_number"] == json!(at)));
    let kinds: Vec<&str> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    insta::assert_snapshot!(kinds.join("\n").replace("response.", ""), @r"
    created
    in_progress
    output_item.added
    reasoning_summary_part.added
    reasoning_summary_text.delta
    reasoning_summary_text.done
    reasoning_summary_part.done
    output_item.done
    output_item.added
    content_part.added
    output_text.delta
    output_text.delta
    output_text.done
    content_part.done
    output_item.done
    output_item.added
    function_call_arguments.delta
    function_call_arguments.done
    output_item.done
    completed
    ");
    let last = &frames.last().unwrap()["response"];
    assert_eq!(last["usage"]["total_tokens"], 7);
    assert_eq!((&last["completed_at"], &last["status"]), (&json!(9), &json!("completed")));
    let parts = json!({ "candidates": [{ "content": { "parts": [
        { "text": "Hmm", "thought": true }, { "text": "Hello" }, { "functionCall": { "name": "add", "args": { "a": 1 } } },
    ] }, "finishReason": "STOP" }], "usageMetadata": { "promptTokenCount": 3, "candidatesTokenCount": 4 } });
    let whole = whole(&serde_json::from_value(parts).unwrap(), encoding(), STAMP, 9);
    assert_eq!(serde_json::from_str::<Value>(&whole.body).unwrap(), *last);
    assert_eq!(whole.remembered.len(), 1);
}

#[test]
fn an_answer_that_ran_out_is_incomplete_and_one_that_broke_failed() {
    let cut = json!({ "candidates": [{ "content": { "parts": [{ "text": "Hel" }] }, "finishReason": "MAX_TOKENS" }] });
    let cut = serde_json::from_value(cut).unwrap();
    let whole: Value = serde_json::from_str(&whole(&cut, encoding(), STAMP, 9).body).unwrap();
    assert_eq!(whole["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(whole["output"][0]["status"], "incomplete");
    let (mut encoder, mut out) = (Encoder::new(encoding(), STAMP), Vec::new());
    encoder.push(&cut, &mut out);
    encoder.fail(&ApiError { status: 502, ..ApiError::body("It broke.") }, &mut out);
    encoder.finish(9, &mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("event: error\n") && text.contains("event: response.failed\n"));
    assert!(!text.contains("response.completed") && text.matches("[DONE]").count() == 1);
}
