//! Answers, streamed and whole: each stream is put together as a client does, and must say what the whole says.

use serde_json::Map;

use crate::anthropic::stream::Encoder;
use crate::anthropic::whole::message;
use crate::anthropic::{Encoding, envelope, error};
use crate::gemini::aggregate::Aggregate;
use crate::gemini::response::GenerateContentResponse;
use crate::openai::chat::Stamp;
use crate::openai::chat::warning::Warning;

use super::*;

const STAMP: Stamp = Stamp { created: 1_790_000_000, seed: 42 };

fn encoding() -> Encoding {
    Encoding {
        model: "claude-test".to_owned(),
        show_thoughts: true,
        signed: true,
        images_as_markdown: true,
        estimated_input: 77,
        ..Encoding::default()
    }
}

fn event(value: &Value) -> GenerateContentResponse {
    serde_json::from_value(value.clone()).unwrap()
}

fn parts(parts: &Value) -> Value {
    json!({ "candidates": [{ "content": { "role": "model", "parts": parts } }] })
}

fn end(reason: &str, candidate: Value) -> Value {
    let mut candidate = candidate;
    candidate["finishReason"] = json!(reason);
    let usage = json!({ "promptTokenCount": 100, "cachedContentTokenCount": 40, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 112 });
    json!({ "candidates": [candidate], "usageMetadata": usage })
}

fn events(text: &str) -> Vec<Value> {
    let frames = text.split("\n\n").filter(|frame| !frame.is_empty());
    frames
        .map(|frame| {
            let (name, data) = frame.split_once("\ndata: ").unwrap();
            let data: Value = serde_json::from_str(data).unwrap();
            assert_eq!(name.strip_prefix("event: "), data["type"].as_str(), "the name is the type");
            data
        })
        .collect()
}

/// Puts a stream together as a client does, strict about order.
fn client(text: &str) -> Value {
    let mut message = Value::Null;
    let mut open: Option<usize> = None;
    let mut stopped = false;
    for event in events(text) {
        assert!(!stopped, "nothing follows message_stop");
        let index = event["index"].as_u64().and_then(|index| usize::try_from(index).ok());
        match event["type"].as_str().unwrap() {
            "message_start" => message = event["message"].clone(),
            "ping" => {}
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(message["content"].as_array().unwrap().len())));
                message["content"].as_array_mut().unwrap().push(event["content_block"].clone());
                open = index;
            }
            "content_block_delta" => {
                assert!(open.is_some() && open == index);
                change(&mut message["content"][open.unwrap()], &event["delta"]);
            }
            "content_block_stop" => assert!(open.take() == index && index.is_some()),
            "message_delta" => {
                message["stop_reason"] = event["delta"]["stop_reason"].clone();
                message["usage"] = event["usage"].clone();
            }
            "message_stop" => stopped = true,
            other => panic!("unknown event {other}"),
        }
    }
    assert!(stopped && open.is_none());
    message
}

fn change(block: &mut Value, delta: &Value) {
    for name in ["text", "thinking", "signature"] {
        if let Some(more) = delta.get(name).and_then(Value::as_str) {
            let joined = format!("{}{more}", block[name].as_str().unwrap());
            block[name] = json!(joined);
        }
    }
    if let Some(input) = delta.get("partial_json").and_then(Value::as_str) {
        block["input"] = serde_json::from_str(input).unwrap();
    }
    if let Some(citation) = delta.get("citation") {
        let block: &mut Map<String, Value> = block.as_object_mut().unwrap();
        block.entry("citations").or_insert(json!([])).as_array_mut().unwrap().push(citation.clone());
    }
}

fn run(all: &[Value], encoding: &Encoding) -> Value {
    let mut encoder = Encoder::new(encoding.clone(), STAMP);
    let mut out = Vec::new();
    for each in all {
        encoder.push(&event(each), &mut out);
    }
    encoder.finish(&mut out);
    let streamed = client(&String::from_utf8(out).unwrap());
    let mut aggregate = Aggregate::default();
    for each in all {
        aggregate.push(event(each));
    }
    let whole: Value = serde_json::from_str(&message(&aggregate.finish(), encoding, STAMP).body).unwrap();
    assert_eq!(streamed, whole, "the same events as a whole");
    whole
}

#[test]
fn a_thought_a_text_and_the_count() {
    let all = [
        parts(&json!([{ "text": "Let me ", "thought": true }])),
        parts(&json!([{ "text": "see.", "thought": true }])),
        parts(&json!([{ "text": "Four" }])),
        end("STOP", json!({ "content": { "parts": [{ "text": "." }] } })),
    ];
    let message = run(&all, &encoding());
    let content = &message["content"];
    assert_eq!(content[0]["thinking"], "Let me see.");
    assert!(!content[0]["signature"].as_str().unwrap().is_empty());
    assert_eq!(content[1], json!({ "type": "text", "text": "Four." }));
    assert_eq!((&message["stop_reason"], &message["stop_sequence"]), (&json!("end_turn"), &Value::Null));
    assert_eq!(message["model"], "claude-test");
    assert!(message["id"].as_str().unwrap().starts_with("msg_"));
    let usage = json!({ "input_tokens": 60, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 40, "output_tokens": 12, "output_tokens_details": { "thinking_tokens": 7 } });
    assert_eq!(message["usage"], usage);
    let hidden = run(&all, &Encoding { show_thoughts: false, signed: false, ..encoding() });
    assert_eq!(hidden["content"].as_array().unwrap().len(), 1);
}

fn calls() -> [Value; 3] {
    [
        parts(&json!([{ "text": "Hm.", "thought": true }])),
        parts(
            &json!([{ "functionCall": { "name": "get_weather", "id": "g1", "args": { "city": "Rome" } }, "thoughtSignature": "c2ln" }]),
        ),
        end("STOP", json!({ "content": { "parts": [{ "functionCall": { "name": "get_time" } }] } })),
    ]
}

#[test]
fn calls_carry_their_signature_in_the_thought_before_them() {
    let message = run(&calls(), &encoding());
    let content = message["content"].as_array().unwrap();
    let kinds: Vec<&str> = content.iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thinking", "tool_use", "tool_use"]);
    assert_eq!(envelope::open(content[0]["signature"].as_str().unwrap()).as_deref(), Some("c2ln"));
    assert_eq!((&content[1]["input"], &content[2]["input"]), (&json!({ "city": "Rome" }), &json!({})));
    let legal = |id: &str| {
        id.starts_with("toolu_") && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    assert!(content[1..].iter().all(|block| legal(block["id"].as_str().unwrap())));
    assert_eq!(message["stop_reason"], "tool_use");
}

#[test]
fn a_signature_without_a_thought_gets_a_block_only_if_thinking_was_asked_for() {
    let kinds = |encoding: Encoding| {
        let message = run(&calls()[1..], &encoding);
        let content = message["content"].as_array().unwrap().clone();
        content.iter().map(|block| block["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(encoding()), ["thinking", "tool_use", "tool_use"]);
    assert_eq!(kinds(Encoding { signed: false, ..encoding() }), ["tool_use", "tool_use"]);
    assert_eq!(kinds(Encoding { signed: false, single_tool_call: true, ..encoding() }), ["tool_use"]);
}

#[test]
fn the_vault_remembers_every_call() {
    let mut encoder = Encoder::new(encoding(), STAMP);
    let mut out = Vec::new();
    for each in &calls() {
        encoder.push(&event(each), &mut out);
    }
    let kept = encoder.remembered();
    assert_eq!(kept.len(), 2);
    assert_eq!((kept[0].gemini_id.as_deref(), kept[0].signature.as_deref()), (Some("g1"), Some("c2ln")));
    assert!(encoder.remembered().is_empty(), "once");
}

#[test]
fn reasons_have_anthropics_words() {
    for (reason, word) in
        [("STOP", "end_turn"), ("MAX_TOKENS", "max_tokens"), ("SAFETY", "refusal"), ("RECITATION", "refusal")]
    {
        let message = run(&[end(reason, json!({ "content": { "parts": [{ "text": "x" }] } }))], &encoding());
        assert_eq!(message["stop_reason"], word, "{reason}");
    }
    let blocked = run(&[json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" } })], &encoding());
    assert_eq!((&blocked["stop_reason"], &blocked["content"]), (&json!("refusal"), &json!([])));
}

#[test]
fn an_empty_answer_still_ends() {
    let empty = run(&[end("STOP", json!({}))], &encoding());
    assert_eq!(empty["content"], json!([]));
    let done = message(&event(&end("STOP", json!({}))), &encoding(), STAMP);
    assert_eq!(done.warnings, [Warning::EmptyAnswer]);
}

#[test]
fn a_search_is_shown_and_its_sources_are_cited() {
    let grounding = json!({
        "webSearchQueries": ["spain euro"], "groundingChunks": [{ "web": { "uri": "https://a.example", "title": "A" } }],
        "groundingSupports": [{ "segment": { "text": "Spain won", "endIndex": 9 }, "groundingChunkIndices": [0] }],
    });
    let all =
        [parts(&json!([{ "text": "Spain won." }])), end("STOP", json!({ "groundingMetadata": grounding }))];
    let message = run(&all, &Encoding { web_search: true, ..encoding() });
    let content = &message["content"];
    let citation = json!({ "type": "web_search_result_location", "url": "https://a.example", "title": "A", "cited_text": "Spain won", "encrypted_index": "" });
    assert_eq!(content[0]["citations"], json!([citation]));
    assert_eq!(
        (&content[1]["name"], &content[1]["input"]),
        (&json!("web_search"), &json!({ "query": "spain euro" }))
    );
    assert_eq!(content[2]["content"][0]["url"], "https://a.example");
    assert_eq!(content[2]["tool_use_id"], content[1]["id"]);
    assert_eq!(message["usage"]["server_tool_use"]["web_search_requests"], 1);
}

#[test]
fn code_that_ran_is_shown_as_anthropics_tool_shows_it() {
    let ran = |outcome: &str| json!({ "codeExecutionResult": { "outcome": outcome, "output": "4\n" } });
    let all = [end(
        "STOP",
        json!({ "content": { "parts": [{ "executableCode": { "language": "PYTHON", "code": "print(4)" } }, ran("OUTCOME_OK"), { "text": "4" }, ran("OUTCOME_FAILED")] } }),
    )];
    let content = run(&all, &encoding())["content"].clone();
    assert_eq!(content[0]["input"], json!({ "code": "print(4)" }));
    assert_eq!(content[1]["tool_use_id"], content[0]["id"]);
    assert_eq!(
        (&content[1]["content"]["stdout"], &content[1]["content"]["return_code"]),
        (&json!("4\n"), &json!(0))
    );
    assert_eq!(
        (&content[3]["content"]["stderr"], &content[3]["content"]["return_code"]),
        (&json!("4\n"), &json!(1))
    );
}

#[test]
fn a_fence_around_json_comes_off() {
    let all = [
        parts(&json!([{ "text": "```json\n{\"a\"" }])),
        end("STOP", json!({ "content": { "parts": [{ "text": ": 1}\n```" }] } })),
    ];
    let content = run(&all, &Encoding { json_mode: true, ..encoding() })["content"].clone();
    assert_eq!(content, json!([{ "type": "text", "text": "{\"a\": 1}" }]));
}

#[test]
fn images_are_markdown_and_read_back_as_images() {
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
    let all = [end(
        "STOP",
        json!({ "content": { "parts": [{ "text": "Here:" }, { "inlineData": { "mimeType": "image/png", "data": png } }] } }),
    )];
    let content = run(&all, &encoding())["content"].clone();
    let again = json!({ "model": "m", "max_tokens": 9_000, "messages": [
        { "role": "user", "content": "Draw." }, { "role": "assistant", "content": content }, { "role": "user", "content": "Again." },
    ] });
    assert_eq!(sent(&again)["contents"][1]["parts"][1]["inlineData"]["data"], png);
}

#[test]
fn a_cut_is_an_error_and_no_stop() {
    let mut encoder = Encoder::new(encoding(), STAMP);
    let mut out = Vec::new();
    encoder.push(&event(&parts(&json!([{ "text": "Half" }]))), &mut out);
    encoder.fail(&error::envelope(502, "It broke.", None), &mut out);
    encoder.finish(&mut out);
    let all = events(std::str::from_utf8(&out).unwrap());
    assert_eq!(all.first().unwrap()["message"]["usage"]["input_tokens"], 77, "estimated until Google counts");
    assert_eq!(all.last().unwrap()["error"]["type"], "api_error");
    assert!(all.iter().all(|event| event["type"] != "message_stop"));
}
