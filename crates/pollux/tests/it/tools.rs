//! Tool loops, with clients that keep what we send and with clients that drop it.

use serde_json::{Value, json};

use crate::bed::{Bed, Plan};

const MODEL: &str = "gemini-3.8-flash";

fn tools() -> Value {
    let city =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    json!([
        { "type": "function", "function": { "name": "get_weather", "description": "The weather", "parameters": city } },
        { "type": "function", "function": { "name": "get.time", "parameters": city } },
    ])
}

async fn ask(bed: &Bed, messages: &[Value], stream: bool) -> Value {
    let request = json!({ "model": MODEL, "messages": messages, "tools": tools(), "stream": stream });
    let reply = bed.post("/v1/chat/completions", &request).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    if stream { assembled(&reply.chunks()) } else { reply.json()["choices"][0]["message"].clone() }
}

/// The message that an SDK would put together from a stream.
fn assembled(chunks: &[Value]) -> Value {
    let deltas = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
    let mut calls: Vec<Value> = Vec::new();
    let mut content = String::new();
    for delta in deltas {
        content.push_str(delta["content"].as_str().unwrap_or_default());
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            if index == calls.len() {
                calls.push(call.clone());
            } else {
                let more = call["function"]["arguments"].as_str().unwrap();
                let so_far = calls[index]["function"]["arguments"].as_str().unwrap().to_owned();
                calls[index]["function"]["arguments"] = Value::from(so_far + more);
            }
        }
    }
    json!({ "role": "assistant", "content": content, "tool_calls": calls })
}

/// Keeps only what OpenAI's own types know.
fn stripped(message: &Value) -> Value {
    let calls = message["tool_calls"].as_array().cloned().unwrap_or_default().into_iter().map(|call| {
        json!({ "id": call["id"], "type": "function",
                "function": { "name": call["function"]["name"], "arguments": call["function"]["arguments"] } })
    });
    json!({ "role": "assistant", "content": message["content"], "tool_calls": calls.collect::<Vec<_>>() })
}

async fn run_loop(bed: &Bed, stream: bool, echo: impl Fn(&Value) -> Value) {
    let mut messages =
        vec![json!({ "role": "user", "content": "get_weather and get.time please, steps:3 parallel:2" })];
    for turn in 0..3 {
        let message = ask(bed, &messages, stream).await;
        let calls =
            message["tool_calls"].as_array().unwrap_or_else(|| panic!("turn {turn}: {message}")).clone();
        assert_eq!(calls.len(), 2, "turn {turn}: {message}");
        messages.push(echo(&message));
        for call in &calls {
            assert!(["get_weather", "get.time"].contains(&call["function"]["name"].as_str().unwrap()));
            let arguments: Value =
                serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
            assert!(arguments["city"].is_string());
            messages.push(
                json!({ "role": "tool", "tool_call_id": call["id"], "content": format!("sunny-{turn}") }),
            );
        }
    }
    let answer = ask(bed, &messages, stream).await;
    assert!(answer["content"].as_str().unwrap().contains("sunny-2"), "{answer}");
}

/// The simulator refuses a call whose signature is missing, so these loops prove the vault.
#[tokio::test]
async fn a_client_that_drops_unknown_fields_gets_through() {
    for stream in [false, true] {
        let bed = Plan::default().start().await;
        run_loop(&bed, stream, stripped).await;
        let signed = bed.simulator.state()["recent"].to_string().contains("skip_thought_signature_validator");
        assert!(!signed, "real signatures, not the sentinel");
    }
}

#[tokio::test]
async fn a_client_that_echoes_everything_gets_through_without_the_vault() {
    let first = Plan::default().start().await;
    let messages = [json!({ "role": "user", "content": "get_weather please" })];
    let message = ask(&first, &messages, false).await;
    let call = message["tool_calls"][0].clone();
    let history = [
        messages[0].clone(),
        message,
        json!({ "role": "tool", "tool_call_id": call["id"], "content": "sunny" }),
    ];
    // Another gateway, which remembers nothing of the first.
    let second = Plan::default().start().await;
    assert!(ask(&second, &history, false).await["content"].as_str().unwrap().contains("sunny"));
    assert!(!second.simulator.state()["recent"].to_string().contains("skip_thought_signature_validator"));
}

/// With neither field nor memory the documented sentinel is the last resort.
#[tokio::test]
async fn a_foreign_history_is_carried_by_the_sentinel() {
    let bed = Plan::default().start().await;
    let call = json!({ "id": "call_from_elsewhere", "type": "function",
                       "function": { "name": "get_weather", "arguments": "{\"city\":\"Oslo\"}" } });
    let history = [
        json!({ "role": "user", "content": "get_weather please" }),
        json!({ "role": "assistant", "content": null, "tool_calls": [call] }),
        json!({ "role": "tool", "tool_call_id": "call_from_elsewhere", "content": "rain" }),
    ];
    assert!(ask(&bed, &history, false).await["content"].as_str().unwrap().contains("rain"));
}

/// Open tool calls stay with the project that made them while it has room.
#[tokio::test]
async fn a_tool_loop_stays_with_its_project() {
    let bed =
        Plan { keys_per_project: 1, ..Plan::default() }.set("POLLUX_STRATEGY", "round_robin").start().await;
    run_loop(&bed, false, stripped).await;
    let served = bed.accepted().into_iter().filter(|(_, count)| *count > 0).count();
    assert_eq!(served, 1, "{:?}", bed.accepted());
}
