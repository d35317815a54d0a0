//! The Responses surface: whole, streamed, tools, failures.

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};

const MODEL: &str = "gemini-3.8-flash";

async fn bed() -> Bed {
    Plan { projects: 2, keys_per_project: 1, ..Plan::default() }.start().await
}

/// The events of a stream; the name of each is its type.
fn events(body: &str) -> Vec<Value> {
    let body = body.strip_suffix("data: [DONE]\n\n").unwrap_or_else(|| panic!("no end: {body}"));
    let events = body.split_terminator("\n\n").map(|frame| {
        let (name, data) = frame.split_once("\ndata: ").unwrap_or_else(|| panic!("{frame:?} in {body}"));
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    });
    events.collect()
}

#[tokio::test]
async fn a_response_whole_and_streamed() {
    let bed = bed().await;
    let whole = bed.post("/v1/responses", &json!({ "model": MODEL, "input": "hello" })).await;
    assert_eq!(whole.status, 200, "{}", whole.body);
    let response = whole.json();
    assert_eq!((&response["object"], &response["status"]), (&json!("response"), &json!("completed")));
    assert!(response["usage"]["input_tokens"].as_u64().unwrap() > 0);
    let output = response["output"].as_array().unwrap();
    assert!(output.last().unwrap()["content"][0]["text"].as_str().unwrap().contains("hello"));

    let streamed =
        bed.post("/v1/responses", &json!({ "model": MODEL, "input": "hello", "stream": true })).await;
    assert_eq!(streamed.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let events = events(&streamed.body);
    assert_eq!(events[0]["type"], "response.created");
    let text: String = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta")
        .filter_map(|event| event["delta"].as_str())
        .collect();
    assert!(text.contains("hello"), "{text}");
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["id"], events[0]["response"]["id"]);
}

#[tokio::test]
async fn what_would_need_memory_is_refused_with_the_way_out() {
    let bed = bed().await;
    let body = json!({ "model": MODEL, "input": "x", "previous_response_id": "resp_1" });
    let refused = bed.post("/v1/responses", &body).await;
    assert_eq!((refused.status, &refused.json()["error"]["param"]), (400, &json!("previous_response_id")));
    let none = bed.post("/v1/responses/resp_1/cancel", &json!({})).await;
    assert_eq!((none.status, &none.json()["error"]["code"]), (404, &json!("response_not_found")));
    let stranger = bed
        .send(Method::POST, "/v1/responses", &[("authorization", "Bearer sk-nobody")], "{}".to_owned())
        .await;
    assert_eq!(stranger.status, 401, "{}", stranger.body);
}
