//! Requests that nobody in their right mind would send.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use hyper::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value};

use crate::bed::{ADMIN, Bed, Plan};

const BODIES: usize = 10_000;

/// Routes that read a body: each gets every body.
const READERS: &[(&str, &str)] = &[
    ("POST", "/v1/chat/completions"),
    ("POST", "/admin/config/gemini-key"),
    ("POST", "/admin/config/user-key"),
    ("POST", "/admin/keys"),
    ("POST", "/admin/users"),
    ("POST", "/admin/users/check"),
    ("POST", "/admin/keys/none/move"),
    ("PATCH", "/admin/users/none"),
    ("PATCH", "/admin/projects/none"),
    ("PUT", "/admin/limits/some-model"),
    ("PUT", "/admin/projects/none/limits/some-model"),
];

/// Routes that should not care: every tenth body.
const OTHERS: &[(&str, &str)] = &[
    ("GET", "/v1/models"),
    ("GET", "/v1/models/none"),
    ("GET", "/admin/keys"),
    ("POST", "/admin/keys/none/enable"),
    ("POST", "/admin/keys/none/check"),
    ("POST", "/admin/users/none/rotate"),
    ("DELETE", "/admin/keys/none"),
    ("DELETE", "/admin/limits/some-model"),
    ("POST", "/admin/nowhere"),
    ("POST", "/v1/embeddings"),
    ("POST", "/nowhere"),
];

/// Field names that our parsers look at, so that random bodies get deep.
const NAMES: &[&str] = &[
    "model",
    "messages",
    "role",
    "content",
    "type",
    "text",
    "image_url",
    "url",
    "tools",
    "function",
    "name",
    "parameters",
    "tool_calls",
    "id",
    "arguments",
    "tool_call_id",
    "stream",
    "n",
    "stop",
    "max_tokens",
    "response_format",
    "json_schema",
    "schema",
    "reasoning_effort",
    "thinking_config",
    "extra_body",
    "google",
    "key",
    "temperature",
    "seed",
];

const WORDS: &[&str] = &[
    "user",
    "assistant",
    "tool",
    "system",
    "text",
    "function",
    "gemini-3.8-flash",
    "gemini-2.5-pro",
    "low",
    "object",
    "json_schema",
    "data:image/png;base64,iVBORw0KGgo=",
    "http://127.0.0.1/",
    "",
    "\u{0}",
    "你好",
    "call_1",
    "{}",
    "null",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let name = prop_oneof![4 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => ".{0,6}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Every other body is nearly right: a chat request with one field replaced.
fn nearly(base: &str, noise: Value, place: usize) -> Value {
    let mut request: Value = serde_json::from_str(base).unwrap();
    request[NAMES[place % NAMES.len()]] = noise;
    request
}

const BASE: &str = r#"{"model": "gemini-3.8-flash", "messages": [{"role": "user", "content": "hello"}]}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_bodies_never_break_anything() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.start().await;
    let mut runner = TestRunner::deterministic();
    let strategy = (json(), any::<usize>());
    let mut seen = BTreeMap::<u16, usize>::new();
    for round in 0..BODIES {
        let (noise, place) = strategy.new_tree(&mut runner).unwrap().current();
        let body = if round % 2 == 0 { nearly(BASE, noise, place) } else { noise };
        let others = if round % 10 == 0 { OTHERS } else { &[] };
        let calls = READERS.iter().chain(others).map(|route| survives(&bed, *route, &body));
        for status in join_all(calls).await {
            *seen.entry(status).or_default() += 1;
        }
    }
    println!("{BODIES} random bodies to each of {} routes: {seen:?}", READERS.len());
    assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.status, 200, "the gateway is as good as new");
}

/// Sends a body and gives the status, which is never the gateway's own failure.
async fn survives(bed: &Bed, (method, path): (&str, &str), body: &Value) -> u16 {
    let token = if path.starts_with("/admin") { ADMIN } else { &bed.user_key };
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let reply = bed.send(method, path, &headers, body.to_string()).await;
    assert!(reply.status < 500, "{path} {body}: {} {}", reply.status, reply.body);
    if reply.status >= 400 {
        assert_enveloped(path, &reply.json());
    }
    reply.status
}

fn assert_enveloped(path: &str, body: &Value) {
    let message = if path.starts_with("/admin") { &body["detail"] } else { &body["error"]["message"] };
    assert!(message.as_str().is_some_and(|text| !text.is_empty()), "{path}: {body}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }
        .set("POLLUX_MAX_BODY_MB", "1")
        .start()
        .await;
    let reply = bed.chat("gemini-3.8-flash", &"a".repeat(2 << 20)).await;
    assert_eq!(reply.verdict(), "413 request_too_large");
}
