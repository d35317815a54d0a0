//! The native Gemini surface, over the wire.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};
use crate::reply::Reply;

const MODEL: &str = "gemini-3.8-flash";

fn body(text: &str) -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": text}]}]})
}

async fn ask(bed: &Bed, path: &str, body: &Value, more: &[(&str, &str)]) -> Reply {
    let mut headers = vec![("x-goog-api-key", bed.user_key.as_str()), ("content-type", "application/json")];
    headers.extend_from_slice(more);
    bed.send(Method::POST, path, &headers, body.to_string()).await
}

fn text(answer: &Value) -> String {
    let parts = answer["candidates"][0]["content"]["parts"].as_array().unwrap();
    parts.iter().filter_map(|part| part["text"].as_str()).collect()
}

#[tokio::test]
async fn an_answer_is_googles_own_in_every_version_and_with_every_kind_of_credential() {
    let bed = Plan::default().start().await;
    for version in ["v1", "v1beta", "v1alpha"] {
        let answer =
            ask(&bed, &format!("/{version}/models/{MODEL}:generateContent"), &body("hello"), &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = answer.json();
        assert!(!text(&answer).is_empty());
        assert_eq!(answer["candidates"][0]["finishReason"], "STOP");
        assert!(answer["usageMetadata"]["promptTokenCount"].as_u64().unwrap() > 0);
    }
    let path = format!("/v1beta/models/{MODEL}:generateContent");
    let in_query = format!("{path}?key={}", bed.user_key);
    let bearer = format!("Bearer {}", bed.user_key);
    assert_eq!(bed.send(Method::POST, &in_query, &[], body("hello").to_string()).await.status, 200);
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(bed.send(Method::POST, &path, &headers, body("hello").to_string()).await.status, 200);
    let refused =
        bed.send(Method::POST, &path, &[("x-goog-api-key", "wrong")], body("hello").to_string()).await;
    assert_eq!((refused.status, &refused.json()["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
    bed.stop().await;
}

#[tokio::test]
async fn streams_are_events_or_one_array() {
    let bed = Plan::default().start().await;
    let path = format!("/v1beta/models/{MODEL}:streamGenerateContent");
    let events = ask(&bed, &format!("{path}?alt=sse"), &body("你好"), &[]).await;
    assert_eq!(events.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let told: Vec<Value> = events
        .body
        .split("\r\n\r\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let said: String = told.iter().map(text).collect();
    let array = ask(&bed, &path, &body("你好"), &[]).await;
    let elements = array.json();
    let elements = elements.as_array().unwrap();
    assert_eq!(elements.iter().map(text).collect::<String>(), said);
    assert!(!said.is_empty());
    bed.stop().await;
}

#[tokio::test]
async fn what_fails_before_the_first_event_is_not_seen_and_what_breaks_after_it_is_told() {
    let bed = Plan::default().start().await;
    let whole = format!("/v1beta/models/{MODEL}:generateContent");
    let events = format!("/v1beta/models/{MODEL}:streamGenerateContent?alt=sse");
    let array = format!("/v1beta/models/{MODEL}:streamGenerateContent");
    for fault in ["429-minute", "500", "503", "400-key-invalid", "reset-before", "html-200", "error-json-200"]
    {
        for path in [&whole, &events, &array] {
            // What the fault before has benched is back.
            bed.advance(Duration::from_mins(3));
            let answer = ask(&bed, path, &body("hello"), &[("x-sim-fault", fault)]).await;
            assert_eq!(answer.status, 200, "{fault} at {path}: {}", answer.body);
            assert!(!answer.body.contains("\"error\""), "{fault} at {path}: {}", answer.body);
        }
    }
    let cut = ask(&bed, &events, &body("hello"), &[("x-sim-fault", "reset:1")]).await;
    assert!(cut.body.trim_end().rsplit("data: ").next().unwrap().contains("\"error\""), "{}", cut.body);
    let cut = ask(&bed, &array, &body("hello"), &[("x-sim-fault", "reset:1")]).await;
    assert!(serde_json::from_str::<Value>(&cut.body).is_err(), "a cut array looks whole: {}", cut.body);
    bed.stop().await;
}

#[tokio::test]
async fn other_methods_pass_as_they_are_and_count_against_their_own_quota() {
    let bed =
        Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.limits(Some(2), None).start().await;
    for _ in 0..4 {
        let counted = ask(&bed, &format!("/v1beta/models/{MODEL}:countTokens"), &body("hello"), &[]).await;
        assert_eq!(counted.status, 200, "{}", counted.body);
        assert!(counted.json()["totalTokens"].as_u64().unwrap() > 0);
    }
    let content = json!({"content": {"parts": [{"text": "hello"}]}});
    let embedded = ask(&bed, "/v1beta/models/gemini-embedding-001:embedContent", &content, &[]).await;
    assert_eq!(embedded.status, 200, "{}", embedded.body);
    assert!(!embedded.json()["embedding"]["values"].as_array().unwrap().is_empty());
    let id = embedded.header("x-request-id").unwrap().to_owned();
    let told = bed.admin(Method::GET, &format!("/admin/requests/{id}"), &Value::Null).await.json();
    assert_eq!((&told["surface"], &told["outcome"]), (&json!("gemini"), &json!("answered")));
    bed.stop().await;
}

#[tokio::test]
async fn a_clients_mistake_is_told_in_googles_envelope() {
    let bed = Plan::default().start().await;
    let path = format!("/v1beta/models/{MODEL}:generateContent");
    for (path, body, status) in [
        (path.as_str(), "{", 400),
        (path.as_str(), r#"{"contents": 7}"#, 400),
        ("/v1beta/models/gemini-3.8-flash", "{}", 404),
        ("/v1beta/models/gpt-4o:generateContent", "{}", 404),
        ("/v1beta/nothing", "{}", 404),
    ] {
        let refused = bed.send(Method::POST, path, &[("x-goog-api-key", &bed.user_key)], body).await;
        assert_eq!(refused.status, status, "{path} {}", refused.body);
        assert_eq!(refused.json()["error"]["code"], status, "{path}");
        assert!(refused.json()["error"]["status"].is_string());
    }
    let models =
        bed.send(Method::GET, "/v1beta/models", &[("x-goog-api-key", &bed.user_key)], "").await.json();
    let names: Vec<&str> =
        models["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"models/gemini-3.8-flash"), "{names:?}");
    let one = bed
        .send(Method::GET, "/v1beta/models/gemini-3.8-flash", &[("x-goog-api-key", &bed.user_key)], "")
        .await;
    assert_eq!(one.json()["name"], "models/gemini-3.8-flash");
    bed.stop().await;
}
