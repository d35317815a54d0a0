//! The Anthropic surface: messages whole and streamed, tools, failures, models.

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};
use crate::reply::Reply;

const MODEL: &str = "gemini-3.8-flash";

async fn bed() -> Bed {
    Plan { projects: 2, keys_per_project: 1, ..Plan::default() }.start().await
}

fn ask(text: &str, stream: bool) -> Value {
    json!({ "model": MODEL, "max_tokens": 8_192, "stream": stream, "messages": [{ "role": "user", "content": text }] })
}

/// The events of a stream, pings left out; the name of each is its type.
fn events(reply: &Reply) -> Vec<Value> {
    let frames = reply.body.split("\n\n").filter(|frame| !frame.is_empty());
    let events = frames.map(|frame| {
        let (name, data) =
            frame.split_once("\ndata: ").unwrap_or_else(|| panic!("{frame:?} in {}", reply.body));
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    });
    events.filter(|event| event["type"] != "ping").collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    kinds
}

fn text(events: &[Value]) -> String {
    events.iter().filter_map(|event| event["delta"]["text"].as_str()).collect()
}

#[tokio::test]
async fn a_message_whole_and_streamed() {
    let bed = bed().await;
    let whole = bed.post("/v1/messages", &ask("hello", false)).await;
    assert_eq!(whole.status, 200, "{}", whole.body);
    let message = whole.json();
    assert_eq!(
        (&message["type"], &message["role"], &message["model"]),
        (&json!("message"), &json!("assistant"), &json!(MODEL))
    );
    assert_eq!(message["stop_reason"], "end_turn");
    assert!(message["content"][0]["text"].as_str().unwrap().contains("hello"));
    assert!(message["usage"]["input_tokens"].as_u64().unwrap() > 0);
    assert_eq!(whole.header("request-id"), whole.header("x-request-id"));

    let streamed = bed.post("/v1/messages", &ask("hello", true)).await;
    assert_eq!(streamed.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let events = events(&streamed);
    let order = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(kinds(&events), order);
    assert!(text(&events).contains("hello"));
    let last = &events[events.len() - 2];
    assert_eq!(last["delta"]["stop_reason"], "end_turn");
    assert!(last["usage"]["output_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn refusals_are_in_anthropics_words() {
    let bed = bed().await;
    let body = ask("hello", false).to_string();
    let stranger = bed.send(Method::POST, "/v1/messages", &[("x-api-key", "sk-nobody")], body.clone()).await;
    assert_eq!((stranger.status, &stranger.json()["error"]["type"]), (401, &json!("authentication_error")));
    let mut unknown = ask("hello", false);
    unknown["model"] = json!("llama-9");
    let unknown = bed.post("/v1/messages", &unknown).await;
    assert_eq!((unknown.status, &unknown.json()["error"]["type"]), (404, &json!("not_found_error")));
    assert_eq!(unknown.json()["request_id"].as_str(), unknown.header("x-request-id"));
    let wrong = bed.post("/v1/messages", &json!({ "model": MODEL, "max_tokens": 9, "messages": [] })).await;
    assert_eq!((wrong.status, &wrong.json()["error"]["type"]), (400, &json!("invalid_request_error")));
    let key = bed.user_key.clone();
    let known = bed.send(Method::POST, "/v1/messages", &[("x-api-key", &key)], body).await;
    assert_eq!(known.status, 200, "the key may stand in x-api-key: {}", known.body);
}

#[tokio::test]
async fn before_the_first_event_a_fault_is_invisible() {
    for fault in [
        "429-minute",
        "500",
        "503",
        "empty",
        "reset-before",
        "error-first",
        "403-suspended",
        "malformed-call",
    ] {
        let bed = Plan { keys_per_project: 1, ..Plan::default() }.start().await;
        let whole = bed.post_with("/v1/messages", &ask("hello", false), &[("x-sim-fault", fault)]).await;
        assert_eq!(
            (whole.status, &whole.json()["stop_reason"]),
            (200, &json!("end_turn")),
            "{fault}: {}",
            whole.body
        );
        let streamed = bed.post_with("/v1/messages", &ask("hello", true), &[("x-sim-fault", fault)]).await;
        let events = events(&streamed);
        assert_eq!(kinds(&events).last(), Some(&"message_stop"), "{fault}: {}", streamed.body);
        assert_eq!(text(&events).matches("You said").count(), 1, "{fault}");
    }
}

#[tokio::test]
async fn after_it_the_stream_ends_as_an_error() {
    for fault in ["error-mid:3", "error-raw:3", "eof-early", "reset:3"] {
        let bed = bed().await;
        let reply = bed.post_with("/v1/messages", &ask("hello", true), &[("x-sim-fault", fault)]).await;
        assert_eq!(reply.status, 200);
        let events = events(&reply);
        let last = events.last().unwrap();
        assert_eq!(
            (&last["type"], &last["error"]["type"]),
            (&json!("error"), &json!("api_error")),
            "{fault}: {}",
            reply.body
        );
        assert!(!kinds(&events).contains(&"message_delta"), "{fault}: no invented stop reason");
        assert_eq!(bed.accepted_in_all(), 1, "{fault}: nothing is replayed");
    }
}

#[tokio::test]
async fn silence_is_bridged_by_pings() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }
        .set("POLLUX_HEARTBEAT_AFTER", "20ms")
        .start()
        .await;
    let slow = bed.post_with("/v1/messages", &ask("hello", true), &[("x-sim-fault", "slow-first:200")]).await;
    assert!(slow.body.starts_with("event: ping\n"), "{}", slow.body);
    assert_eq!(kinds(&events(&slow)).last(), Some(&"message_stop"));
}

/// The signature comes back in the thought before the call, and Google's check is passed even after a restart without it
/// being remembered.
#[tokio::test]
async fn a_round_of_tools_with_thinking() {
    let bed = bed().await;
    let tools = json!([{ "name": "get_weather", "description": "The weather.", "input_schema": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } }]);
    let mut body = json!({
        "model": MODEL, "max_tokens": 16_000, "tools": tools, "thinking": { "type": "enabled", "budget_tokens": 4_096 },
        "messages": [{ "role": "user", "content": "call the weather tool, parallel:2" }],
    });
    let first = bed.post("/v1/messages", &body).await.json();
    assert_eq!(first["stop_reason"], "tool_use", "{first}");
    let calls: Vec<&Value> =
        first["content"].as_array().unwrap().iter().filter(|block| block["type"] == "tool_use").collect();
    assert_eq!(calls.len(), 2);
    let results: Vec<Value> = calls
        .iter()
        .map(|call| json!({ "type": "tool_result", "tool_use_id": call["id"], "content": "sunny" }))
        .collect();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({ "role": "assistant", "content": first["content"] }));
    messages.push(json!({ "role": "user", "content": results }));
    let bed = bed.restart().await;
    let second = bed.post("/v1/messages", &body).await;
    assert_eq!(second.json()["stop_reason"], "end_turn", "{}", second.body);
    let sent = bed.simulator.state()["recent"].to_string();
    assert!(
        sent.contains("thoughtSignature") && !sent.contains("skip_thought_signature_validator"),
        "the real signature went"
    );
}

#[tokio::test]
async fn models_are_listed_in_anthropics_shape_to_who_speaks_it() {
    let bed = bed().await;
    let key = bed.user_key.clone();
    let headers = [("x-api-key", key.as_str()), ("anthropic-version", "2023-06-01")];
    let page = bed.send(Method::GET, "/v1/models?limit=2", &headers, "").await.json();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (2, &json!(true)));
    assert!(page["data"][0]["max_input_tokens"].as_u64().unwrap() > 0);
    let one = bed.send(Method::GET, &format!("/v1/models/{MODEL}"), &headers, "").await.json();
    assert_eq!((&one["id"], &one["type"]), (&json!(MODEL), &json!("model")));
    let none = bed.send(Method::GET, "/v1/models/nope", &headers, "").await;
    assert_eq!((none.status, &none.json()["type"]), (404, &json!("error")));
    let openai =
        bed.send(Method::GET, "/v1/models", &[("authorization", &format!("Bearer {key}"))], "").await.json();
    assert_eq!(openai["object"], "list");
}
