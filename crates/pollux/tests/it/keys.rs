//! Keys and users over the admin API, and what survives a restart.

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};

const MODEL: &str = "gemini-3.8-flash";

async fn empty() -> Bed {
    Plan { projects: 2, keys_per_project: 2, ..Plan::default() }.set("GEMINI_API_KEYS", "").start().await
}

async fn add(bed: &Bed, text: &str) -> Value {
    bed.admin(Method::POST, "/admin/config/gemini-key", &json!({ "key": text })).await.json()
}

#[tokio::test]
async fn a_pool_without_keys_says_what_to_do() {
    let bed = empty().await;
    let reply = bed.chat(MODEL, "hello").await;
    assert_eq!(reply.verdict(), "503 no_available_key");
    assert!(reply.body.contains("/admin/config/gemini-key"));
    let health = bed.send(Method::GET, "/health", &[], "").await.json();
    assert_eq!(
        (health["status"].as_str(), health["available_keys"].as_u64()),
        (Some("no_available_keys"), Some(0))
    );
}

#[tokio::test]
async fn keys_are_added_with_any_separator_and_named_when_they_repeat() {
    let bed = empty().await;
    let [first, second, third] = [&bed.keys[0][0], &bed.keys[0][1], &bed.keys[1][0]];
    let one = add(&bed, first).await;
    assert_eq!(one["success"], true, "{one}");
    let many = add(&bed, &format!("{first}; {second}\n\t\"{third}\", nonsense")).await;
    assert_eq!(many["successful_adds"], 2, "{many}");
    assert_eq!(many["duplicate_keys"].as_array().unwrap().len(), 1, "{many}");
    assert_eq!(many["invalid_keys"].as_array().unwrap().len(), 1, "{many}");
    for key in [first, second, third] {
        assert!(!many.to_string().contains(key.as_str()), "a whole key in {many}");
    }
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200);
}

#[tokio::test]
async fn a_key_can_be_switched_checked_and_deleted() {
    let bed = empty().await;
    add(&bed, &bed.keys[0][0]).await;
    let page = bed.admin(Method::GET, "/admin/keys", &Value::Null).await.json();
    let id = page["data"][0]["id"].as_str().unwrap().to_owned();

    let off = bed.admin(Method::POST, &format!("/admin/keys/{id}/disable"), &Value::Null).await;
    assert_eq!(off.status, 200, "{}", off.body);
    assert_eq!(bed.chat(MODEL, "hello").await.verdict(), "503 no_available_key");
    bed.advance(std::time::Duration::from_secs(1));
    bed.admin(Method::POST, &format!("/admin/keys/{id}/enable"), &Value::Null).await;
    bed.advance(std::time::Duration::from_secs(1));
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200);

    let check = bed.admin(Method::POST, &format!("/admin/keys/{id}/check"), &Value::Null).await.json();
    assert_eq!(check["works"], true, "{check}");
    bed.script(json!({ "keys": { "p0k0": "leaked" } }));
    let check = bed.admin(Method::POST, &format!("/admin/keys/{id}/check"), &Value::Null).await.json();
    assert_eq!(
        (check["works"].as_bool(), check["finding"].as_str()),
        (Some(false), Some("key_leaked")),
        "{check}"
    );
    let view = bed.admin(Method::GET, &format!("/admin/keys/{id}"), &Value::Null).await.json();
    assert_eq!(view["state"]["name"], "dead", "{view}");

    let turns = last_turn(&bed, &id, "dead").await;
    let last = &turns["data"][0];
    assert_eq!((&last["from"], &last["scope"]), (&json!("ready"), &json!("key")), "{turns}");
    let said = last["detail"].as_str().unwrap();
    assert!(said.starts_with("403 PERMISSION_DENIED: ") && said.contains("leaked"), "{turns}");
    assert!(!turns.to_string().contains(&bed.keys[0][0]), "{turns}");

    assert!(bed.admin(Method::DELETE, &format!("/admin/keys/{id}"), &Value::Null).await.status < 300);
    assert_eq!(bed.admin(Method::GET, &format!("/admin/keys/{id}"), &Value::Null).await.status, 404);
}

/// The timeline of a key, once its last turn is this: the pool's own turns are written a moment later.
async fn last_turn(bed: &Bed, id: &str, state: &str) -> Value {
    let told = async {
        loop {
            let path = format!("/admin/keys/{id}/timeline");
            let turns = bed.admin(Method::GET, &path, &Value::Null).await.json();
            if turns["data"][0]["to"] == state {
                return turns;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), told).await.unwrap()
}

#[tokio::test]
async fn a_user_can_be_switched_rotated_and_deleted() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.start().await;
    let made = bed.admin(Method::POST, "/admin/config/user-key", &json!({ "name": "Anna" })).await.json();
    assert_eq!((made["success"].as_bool(), made["name"].as_str()), (Some(true), Some("Anna")), "{made}");
    let key = made["key"].as_str().unwrap().to_owned();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(call(&bed, &key).await, "200");

    bed.admin(Method::POST, &format!("/admin/users/{id}/disable"), &Value::Null).await;
    assert_eq!(call(&bed, &key).await, "403 key_disabled");
    bed.admin(Method::POST, &format!("/admin/users/{id}/enable"), &Value::Null).await;
    let rotated = bed.admin(Method::POST, &format!("/admin/users/{id}/rotate"), &Value::Null).await.json();
    assert_eq!(call(&bed, &key).await, "401 invalid_api_key");
    let fresh = rotated["key"].as_str().unwrap().to_owned();
    assert_eq!(call(&bed, &fresh).await, "200");
    bed.admin(Method::DELETE, &format!("/admin/users/{id}"), &Value::Null).await;
    assert_eq!(call(&bed, &fresh).await, "401 invalid_api_key");
}

async fn call(bed: &Bed, key: &str) -> String {
    let body = crate::bed::chat(MODEL, "hello", false).to_string();
    let bearer = format!("Bearer {key}");
    bed.send(Method::POST, "/v1/chat/completions", &[("authorization", &bearer)], body).await.verdict()
}

#[tokio::test]
async fn models_are_listed_and_looked_up() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.start().await;
    let bearer = format!("Bearer {}", bed.user_key);
    let get = async |path: &str| bed.send(Method::GET, path, &[("authorization", &bearer)], "").await;
    let list = get("/v1/models").await.json();
    let ids: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    for id in ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-3.8-flash"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    for path in [
        "/v1/models/gemini-3.8-flash",
        "/v1/models/models/gemini-3.8-flash",
        "/v1/models/models%2Fgemini-3.8-flash",
    ] {
        assert_eq!(get(path).await.json()["id"], "gemini-3.8-flash", "{path}");
    }
    assert_eq!(get("/v1/models/gpt-4o").await.verdict(), "404 model_not_found");
    assert_eq!(bed.send(Method::GET, "/v1/models", &[], "").await.status, 401);
}

#[tokio::test]
async fn a_gateway_that_leaves_says_so_and_goes_on() {
    let bed = Plan::default().start().await;
    let ready = async || {
        let said = bed.send(Method::GET, "/readyz", &[], "").await;
        (said.status, said.json()["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(ready().await, (200, "ready".to_owned()));
    bed.leave();
    assert_eq!(ready().await, (503, "leaving".to_owned()));
    assert_eq!(bed.send(Method::GET, "/healthz", &[], "").await.status, 200, "it lives");
    assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.status, 200, "and takes calls");
    bed.stop().await;
}

#[tokio::test]
async fn liveness_answers_get_and_head() {
    let bed = empty().await;
    for path in ["/health", "/healthz", "/readyz", "/wake", "/"] {
        assert_eq!(bed.send(Method::GET, path, &[], "").await.status, 200, "{path}");
        let head = bed.send(Method::HEAD, path, &[], "").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
    }
}
