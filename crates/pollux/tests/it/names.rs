//! Names of the operator's own, and a client that insists on its own: Claude Code.

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};

const FLASH: &str = "gemini-3.8-flash";

async fn bed() -> Bed {
    Plan { projects: 2, keys_per_project: 1, ..Plan::default() }
        .set(
            "POLLUX_ALIASES",
            "claude-*=gemini-3.8-flash, claude-*haiku*=gemini-2.5-flash, gpt-4o=gemini-2.5-flash",
        )
        .set("POLLUX_MODEL_SUFFIXES", "on")
        .start()
        .await
}

fn chat(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "hello" }] })
}

/// What Google was sent last.
fn last(bed: &Bed) -> Value {
    bed.simulator.state()["recent"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn an_alias_is_served_and_the_answer_says_by_whom() {
    let bed = bed().await;
    for (asked, answered) in
        [("gpt-4o", "gemini-2.5-flash"), ("claude-sonnet-5", FLASH), ("gemini-2.5-flash", "gemini-2.5-flash")]
    {
        let reply = bed.post("/v1/chat/completions", &chat(asked)).await;
        assert_eq!(
            (reply.status, &reply.json()["model"]),
            (200, &json!(answered)),
            "{asked}: {}",
            reply.body
        );
    }
    assert_eq!(bed.post("/v1/chat/completions", &chat("llama-9")).await.status, 404);
    let bearer = format!("Bearer {}", bed.user_key);
    let list = bed.send(Method::GET, "/v1/models", &[("authorization", &bearer)], "").await.json();
    let alias =
        list["data"].as_array().unwrap().iter().find(|model| model["id"] == "gpt-4o").cloned().unwrap();
    assert!(alias["context_length"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn what_hangs_on_a_name_reaches_google() {
    let bed = bed().await;
    let reply = bed.post("/v1/chat/completions", &chat("gemini-3.8-flash-search-thinking=high")).await;
    assert_eq!((reply.status, &reply.json()["model"]), (200, &json!(FLASH)), "{}", reply.body);
    let sent = last(&bed).to_string();
    assert!(sent.contains("googleSearch") && sent.contains("HIGH"), "{sent}");
}

#[tokio::test]
async fn aliases_are_changed_as_a_whole_or_not_at_all() {
    let bed = bed().await;
    let wrong = json!({ "aliases": { "o3": "gemini-2.5-pro", "o4": "gpt-5" } });
    let refused = bed.admin(Method::PATCH, "/admin/settings", &wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("/aliases/o4"), "{}", refused.body);
    assert_eq!(bed.post("/v1/chat/completions", &chat("o3")).await.status, 404, "nothing was taken over");
    let right = bed.admin(Method::PATCH, "/admin/settings", &json!({ "aliases": { "o3": FLASH } })).await;
    assert_eq!(right.status, 200, "{}", right.body);
    assert_eq!(bed.post("/v1/chat/completions", &chat("o3")).await.json()["model"], FLASH);
}

/// Google's tools through an OpenAI client, and the list of sources for clients that show no annotations.
#[tokio::test]
async fn sources_are_annotations_and_a_list_if_wanted() {
    let bed = bed().await;
    let mut body = chat(FLASH);
    body["tools"] = json!([{ "type": "web_search" }]);
    let plain = bed.post("/v1/chat/completions", &body).await.json()["choices"][0]["message"].clone();
    assert!(!plain["annotations"].as_array().unwrap().is_empty(), "{plain}");
    assert!(!plain["content"].as_str().unwrap().contains("Sources:"));
    let on = bed.admin(Method::PATCH, "/admin/settings", &json!({ "append_sources": true })).await;
    assert_eq!(on.status, 200, "{}", on.body);
    let listed = bed.post("/v1/chat/completions", &body).await.json()["choices"][0]["message"].clone();
    assert!(listed["content"].as_str().unwrap().contains("\n\nSources:\n1. ["), "{listed}");
    assert!(!listed["annotations"].as_array().unwrap().is_empty());
}

/// A call as Claude Code makes it, from its probe to a tool's result.
#[tokio::test]
async fn claude_code_is_served() {
    let bed = bed().await;
    let bearer = format!("Bearer {}", bed.user_key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("anthropic-version", "2023-06-01"),
        (
            "anthropic-beta",
            "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14",
        ),
        ("anthropic-dangerous-direct-browser-access", "true"),
        ("user-agent", "claude-cli/2.1.4 (external, cli)"),
        ("x-app", "cli"),
        ("x-stainless-lang", "js"),
    ];
    assert_eq!(bed.send(Method::HEAD, "/", &headers, "").await.status, 200, "the probe");
    let quota = json!({ "model": "claude-haiku-4-5-20251001", "max_tokens": 1, "messages": [{ "role": "user", "content": "quota" }], "metadata": { "user_id": "user_1" } });
    let probe = bed.send(Method::POST, "/v1/messages?beta=true", &headers, quota.to_string()).await;
    assert_eq!((probe.status, &probe.json()["model"]), (200, &json!("gemini-2.5-flash")), "{}", probe.body);

    let mut body = session();
    let mut count = body.clone();
    count
        .as_object_mut()
        .unwrap()
        .retain(|name, _| ["model", "messages", "system", "tools"].contains(&name.as_str()));
    let counted =
        bed.send(Method::POST, "/v1/messages/count_tokens?beta=true", &headers, count.to_string()).await;
    assert!(counted.json()["input_tokens"].as_u64().unwrap() > 0, "{}", counted.body);

    let first = bed.send(Method::POST, "/v1/messages?beta=true", &headers, body.to_string()).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert!(
        first.body.contains("event: message_stop") && first.body.contains("\"stop_reason\":\"tool_use\""),
        "{}",
        first.body
    );
    let ignored = first.header("x-pollux-ignored-params").unwrap();
    for name in ["anthropic-beta", "cache_control", "context_management"] {
        assert!(ignored.contains(name), "{name} in {ignored}");
    }
    let blocks = blocks(&first.body);
    let call = blocks.iter().find(|block| block["type"] == "tool_use").unwrap();
    assert_eq!(call["name"], "Bash");
    let result = json!({ "type": "tool_result", "tool_use_id": call["id"], "content": "permission denied", "is_error": true });
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({ "role": "assistant", "content": blocks }));
    messages.push(json!({ "role": "user", "content": [result] }));
    let second = bed.send(Method::POST, "/v1/messages?beta=true", &headers, body.to_string()).await;
    assert!(second.body.contains("\"stop_reason\":\"end_turn\""), "{}", second.body);
}

/// The first request of a session.
fn session() -> Value {
    json!({
        "model": "claude-opus-5-5", "max_tokens": 32_000, "stream": true, "temperature": 1,
        "metadata": { "user_id": "user_1_account__session_2" },
        "thinking": { "type": "adaptive" }, "output_config": { "effort": "high" },
        "context_management": { "edits": [{ "type": "clear_thinking_20251015", "keep": "all" }] },
        "system": [
            { "type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.4; cc_entrypoint=cli; cch=00000;" },
            { "type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude.", "cache_control": { "type": "ephemeral", "ttl": "1h" } },
        ],
        "tools": [
            { "name": "Bash", "description": "Runs a command.", "input_schema": { "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": { "command": { "type": "string" }, "timeout": { "type": "number" } }, "required": ["command"], "additionalProperties": false } },
            { "name": "Read", "description": "Reads a file.", "input_schema": { "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": { "file_path": { "type": "string" } }, "required": ["file_path"], "additionalProperties": false }, "cache_control": { "type": "ephemeral" } },
        ],
        "messages": [{ "role": "user", "content": [
            { "type": "text", "text": "<system-reminder>\nToday is a day.\n</system-reminder>" },
            { "type": "text", "text": "call Bash", "cache_control": { "type": "ephemeral" } },
        ] }],
    })
}

/// The content of a streamed message as a client puts it together.
fn blocks(stream: &str) -> Vec<Value> {
    let mut blocks: Vec<Value> = Vec::new();
    for data in stream.lines().filter_map(|line| line.strip_prefix("data: ")) {
        let event: Value = serde_json::from_str(data).unwrap();
        if event["type"] == "content_block_start" {
            blocks.push(event["content_block"].clone());
        }
        let Some(block) = blocks.last_mut() else { continue };
        for name in ["text", "thinking", "signature"] {
            if let Some(more) = event["delta"][name].as_str() {
                block[name] = json!(format!("{}{more}", block[name].as_str().unwrap()));
            }
        }
        if let Some(input) = event["delta"]["partial_json"].as_str() {
            block["input"] = serde_json::from_str(input).unwrap();
        }
    }
    blocks
}
