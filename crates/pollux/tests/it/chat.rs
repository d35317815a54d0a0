//! A chat completion from end to end: what goes upstream, what comes back.

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan, chat};

async fn one_key() -> Bed {
    Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.start().await
}

/// The body of the last request that reached Google.
fn sent(bed: &Bed) -> Value {
    let state = bed.simulator.state();
    state["recent"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn a_whole_answer_has_everything_an_sdk_asks_for() {
    let bed = one_key().await;
    let reply = bed.chat("gemini-2.5-flash", "hello").await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.header("x-request-id").unwrap().starts_with("req_"));
    let mut answer = reply.json();
    for volatile in ["id", "created"] {
        answer[volatile] = Value::from("…");
    }
    let message = &answer["choices"][0]["message"];
    assert!(message["content"].as_str().unwrap().contains("hello"));
    assert!(!message["reasoning_content"].as_str().unwrap().is_empty());
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["model"], "gemini-2.5-flash");
    let usage = &answer["usage"];
    let count = |name: &str| usage[name].as_u64().unwrap();
    assert_eq!(count("prompt_tokens") + count("completion_tokens"), count("total_tokens"));
    assert!(usage["completion_tokens_details"]["reasoning_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_stream_says_the_same_as_a_whole_answer() {
    let bed = one_key().await;
    let whole = bed.chat("gemini-3.8-flash", "hello").await.text();
    let stream = bed.stream("gemini-3.8-flash", "hello", "").await;
    assert_eq!(stream.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(stream.header("x-accel-buffering"), Some("no"));
    assert_eq!(stream.streamed_text(), whole);
    assert_eq!(stream.finish_reasons(), ["stop"]);
    assert!(stream.is_done());
}

#[tokio::test]
async fn usage_comes_once_and_last() {
    let bed = one_key().await;
    let mut request = chat("gemini-3.8-flash", "hello", true);
    request["stream_options"] = json!({ "include_usage": true });
    let chunks = bed.post("/v1/chat/completions", &request).await.chunks();
    let with_usage = chunks.iter().filter(|chunk| chunk["usage"].is_object()).count();
    assert_eq!(with_usage, 1);
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

/// Google gets one credential, and nothing of what the client sent besides the request itself.
#[tokio::test]
async fn nothing_of_the_client_reaches_google_but_the_request() {
    let bed = one_key().await;
    let odd = [
        ("x-forwarded-for", "10.1.2.3"),
        ("cookie", "session=abc"),
        ("x-api-key", "other"),
        ("user-agent", "client/1"),
    ];
    assert_eq!(
        bed.post_with("/v1/chat/completions", &chat("gemini-3.8-flash", "hello", false), &odd).await.status,
        200
    );
    let sent = sent(&bed);
    assert_eq!(sent["credentials"].as_array().unwrap().len(), 1, "{sent}");
    let headers = sent["headers"].to_string();
    for foreign in ["x-forwarded-for", "cookie", "authorization", "x-api-key", "client/1", "x-sim-fault"] {
        assert!(!headers.contains(foreign), "{foreign} in {headers}");
    }
    assert_eq!(sent["body"]["store"], false);
}

#[tokio::test]
async fn ignored_parameters_are_named() {
    let bed = one_key().await;
    let mut request = chat("gemini-3.8-flash", "hello", false);
    request["frequency_penalty"] = json!(0.5);
    request["parallel_tool_calls"] = json!(false);
    let reply = bed.post("/v1/chat/completions", &request).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let ignored = reply.header("x-pollux-ignored-params").unwrap();
    assert!(ignored.contains("frequency_penalty"), "{ignored}");
}

/// Every error has the envelope, names the field and says what to do.
#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let bed = one_key().await;
    let user = format!("Bearer {}", bed.user_key);
    let cases = [
        ("", "400"),
        ("[]", "400"),
        ("{\"model\": \"gemini-3.8-flash\"", "400"),
        (r#"{"model": "gemini-3.8-flash"}"#, "400"),
        (r#"{"model": "gemini-3.8-flash", "messages": []}"#, "400"),
        (r#"{"model": 7, "messages": [{"role": "user", "content": "x"}]}"#, "400"),
        (r#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}"#, "404"),
        (r#"{"model": "gemini-3.8-flash", "messages": [{"role": "wizard", "content": "x"}]}"#, "400"),
        (
            r#"{"model": "gemini-3.8-flash", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0}"#,
            "400",
        ),
    ];
    for (body, status) in cases {
        let reply = bed.send(Method::POST, "/v1/chat/completions", &[("authorization", &user)], body).await;
        assert_eq!(reply.status.to_string(), status, "{body}: {}", reply.body);
        let error = &reply.json()["error"];
        assert!(error["message"].as_str().unwrap().len() > 10, "{error}");
        assert!(error["type"].is_string() && error["code"].is_string(), "{error}");
    }
    assert_eq!(bed.accepted_in_all(), 0);
}

#[tokio::test]
async fn who_has_no_key_gets_nothing() {
    let bed = one_key().await;
    let body = chat("gemini-3.8-flash", "hello", false).to_string();
    let google = bed.keys[0][0].clone();
    for header in [
        "",
        "Bearer ",
        "Bearer nonsense",
        &format!("Bearer {google}"),
        &format!("Bearer {}", crate::bed::ADMIN),
    ] {
        let reply =
            bed.send(Method::POST, "/v1/chat/completions", &[("authorization", header)], body.clone()).await;
        assert_eq!(reply.verdict(), "401 invalid_api_key", "{header}");
        assert_eq!(reply.header("x-should-retry"), Some("false"));
    }
    assert_eq!(bed.accepted_in_all(), 0);
}

/// A parameter the catalogue thinks is fine and Google does not: mended once, learnt for the next call.
#[tokio::test]
async fn what_google_refuses_is_repaired_and_remembered() {
    let bed = one_key().await;
    bed.script(json!({ "rules": [{ "times": 1, "fault": "400-signature" }] }));
    assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.status, 200);
    let state = bed.simulator.state();
    assert_eq!(state["recent"].as_array().unwrap().len(), 2, "one refusal, one repaired resend");
}

/// An empty answer is asked for again; only one that is empty twice is passed on, and said to be so.
#[tokio::test]
async fn an_empty_answer_is_named_only_if_it_is_one() {
    let bed = one_key().await;
    bed.script(json!({ "rules": [{ "times": 1, "fault": "empty-stop" }] }));
    let second_try = bed.chat("gemini-3.8-flash", "hello").await;
    assert!(second_try.text().contains("hello"));
    assert_eq!(second_try.header("x-pollux-warning"), None);
    bed.script(json!({ "rules": [{ "fault": "empty-stop" }] }));
    let empty = bed.chat("gemini-3.8-flash", "hello").await;
    assert_eq!((empty.status, empty.text().as_str()), (200, ""));
    assert_eq!(empty.header("x-pollux-warning"), Some("empty_upstream_response"));
}
