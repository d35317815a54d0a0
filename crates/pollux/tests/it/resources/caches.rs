//! Cached contents.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::{MODEL, User, by_project, name, names, only_project};
use crate::bed::Plan;

fn cache(model: &str) -> Value {
    let long = "All happy families are alike. ".repeat(200);
    json!({"model": format!("models/{model}"), "displayName": "a novel", "ttl": "600s",
        "contents": [{"role": "user", "parts": [{"text": long}]}]})
}

#[tokio::test]
async fn a_cache_is_made_used_kept_longer_and_deleted() {
    let bed = Plan::default().start().await;
    let (anna, ben) = (User::first(&bed), User::another(&bed).await);
    let before = by_project(&bed);
    let made = anna.post("/v1beta/cachedContents", &cache(MODEL)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let (made, home) = (made.json(), only_project(&bed, &before));
    let path = format!("/v1beta/{}", name(&made));
    let mut ask = json!({"contents": [{"role": "user", "parts": [{"text": "How does it begin?"}]}],
        "cachedContent": name(&made)});
    for _ in 0..4 {
        let answer = anna.ask(&ask).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.json()["usageMetadata"]["cachedContentTokenCount"].as_u64().unwrap() > 1_000);
    }
    assert_eq!(only_project(&bed, &before), home);
    assert_eq!(ben.ask(&ask).await.status, 404);
    ask["cachedContent"] = json!("cachedContents/nowhere");
    assert_eq!(anna.ask(&ask).await.status, 404);
    assert_eq!(names(&anna.get("/v1beta/cachedContents").await.json(), "cachedContents"), [name(&made)]);
    assert_eq!(
        names(&ben.get("/v1beta/cachedContents").await.json(), "cachedContents"),
        Vec::<String>::new()
    );

    let headers = [("content-type", "application/json")];
    let longer = json!({"ttl": "7200s"}).to_string().into_bytes();
    let patched = anna.send(Method::PATCH, &format!("{path}?updateMask=ttl"), &headers, longer.clone()).await;
    assert_eq!(patched.status, 200, "{}", patched.body);
    assert_eq!(ben.send(Method::PATCH, &path, &headers, longer).await.status, 404);
    bed.advance(Duration::from_hours(1));
    assert_eq!(names(&anna.get("/v1beta/cachedContents").await.json(), "cachedContents").len(), 1);
    assert_eq!(anna.delete(&path).await.status, 200);
    assert_eq!(anna.get(&path).await.status, 404);
    bed.stop().await;
}

#[tokio::test]
async fn a_cache_is_made_next_to_its_file_and_for_a_model_that_the_user_may_use() {
    let bed = Plan::default().set("POLLUX_ALIASES", format!("novel={MODEL}")).start().await;
    let user = User::first(&bed);
    let before = by_project(&bed);
    let file = user.upload("text/plain", b"a file").await;
    let mut body = cache("novel");
    body["contents"][0]["parts"].as_array_mut().unwrap().push(json!({"fileData": {"fileUri": file["uri"]}}));
    let made = user.post("/v1beta/cachedContents", &body).await;
    assert_eq!(made.json()["model"], format!("models/{MODEL}"), "{}", made.body);
    only_project(&bed, &before);
    let refused = user.post("/v1beta/cachedContents", &cache("no-such-model")).await;
    assert_eq!((refused.status, &refused.json()["error"]["status"]), (404, &json!("NOT_FOUND")));
    let small =
        json!({"model": format!("models/{MODEL}"), "contents": [{"role": "user", "parts": [{"text": "x"}]}]});
    let small = user.post("/v1beta/cachedContents", &small).await;
    assert!(small.body.contains("Cached content is too small"), "Google's words: {}", small.body);
    bed.stop().await;
}
