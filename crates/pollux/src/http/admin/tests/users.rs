//! The life of users, and the models they see.

use std::time::Duration;

use axum::body::Body;
use http::Method;
use serde_json::json;

use super::House;

async fn check(house: &House, key: &str) -> serde_json::Value {
    house.post("/admin/users/check", json!({ "key": key }).to_string()).await.json()
}

#[tokio::test]
async fn a_user_is_made_as_old_scripts_expect() {
    let house = House::open().await;
    let reply = house.post("/admin/config/user-key", r#"{"name": "My API Key"}"#).await;
    insta::assert_snapshot!(reply.shown(), @r#"
    200
    {
      "success": true,
      "key": "[user key]",
      "name": "My API Key",
      "id": "[user id]"
    }
    "#);
    assert_eq!(house.call(reply.json()["key"].as_str().unwrap()).await, 200);
    for body in ["", "{}", r#"{"name": null}"#] {
        let reply = house.post("/admin/config/user-key", body).await;
        assert_eq!((reply.status, &reply.json()["name"]), (200, &json!("API User")), "{body}");
    }
}

#[tokio::test]
async fn a_user_is_shown() {
    let house = House::open().await;
    let (id, _) = house.add_user("Ann").await;
    let path = format!("/admin/users/{id}");
    insta::assert_snapshot!(house.post(&format!("{path}/enable"), "").await.shown(), @r#"
    200
    {
      "id": "[user id]",
      "name": "Ann",
      "hint": "[hint]",
      "enabled": true,
      "expires_at": null,
      "private": false,
      "weight": 1,
      "priority": "normal",
      "models": [],
      "addresses": [],
      "limits": {
        "rpm": null,
        "tpm": null,
        "rpd": null,
        "concurrency": null,
        "tokens_day": null,
        "tokens_month": null,
        "tokens_total": null,
        "usd_day": null,
        "usd_month": null,
        "usd_total": null
      },
      "injection": null,
      "log_bodies": false,
      "created_at": "2026-11-22T00:00:00Z",
      "last_used_at": null
    }
    "#);
}

#[tokio::test]
async fn a_user_is_switched_rotated_and_deleted() {
    let house = House::open().await;
    let (id, key) = house.add_user("Ann").await;
    let path = format!("/admin/users/{id}");
    assert_eq!(house.get(&path).await.json()["enabled"], true);
    assert_eq!(house.post(&format!("{path}/disable"), "").await.json()["enabled"], false);
    let refused = house.send(&Method::GET, "/v1/models", Some(&key), Body::empty()).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (403, &json!("key_disabled")));
    assert_eq!(
        check(&house, &key).await,
        json!({"valid": false, "reason": "disabled", "user": {"id": id, "name": "Ann"}})
    );
    assert_eq!(house.post(&format!("{path}/enable"), "").await.json()["enabled"], true);
    assert_eq!(
        check(&house, &key).await,
        json!({"valid": true, "reason": null, "user": {"id": id, "name": "Ann"}})
    );
    let rotated = house.post(&format!("{path}/rotate"), "").await;
    let mut shown = rotated.json();
    shown.as_object_mut().unwrap().remove("key");
    let mut now = house.get(&path).await.json();
    now.as_object_mut().unwrap().remove("usage");
    assert_eq!((rotated.status, &shown), (200, &now), "the user, with a key and another hint");
    let fresh = rotated.json()["key"].as_str().unwrap().to_owned();
    assert_eq!((house.call(&key).await, house.call(&fresh).await), (401, 200));
    assert_eq!(check(&house, &key).await, json!({"valid": false, "reason": "unknown", "user": null}));
    assert_eq!(house.delete(&path).await.status, 204);
    assert_eq!((house.call(&fresh).await, house.get(&path).await.status), (401, 404));
    assert_eq!(house.delete(&path).await.status, 404);
}

#[tokio::test]
async fn a_key_expires() {
    let house = House::open().await;
    let body = json!({ "name": "Guest", "expires_at": "2026-11-22T08:00:00+08:00" }).to_string();
    assert_eq!(house.post("/admin/users", body).await.status, 422, "that is now");
    let body = json!({ "name": "Guest", "expires_at": "2026-11-22T08:01:00+08:00" }).to_string();
    let made = house.post("/admin/users", body).await;
    insta::assert_snapshot!(made.shown(), @r#"
    201
    {
      "key": "[user key]",
      "id": "[user id]",
      "name": "Guest",
      "hint": "[hint]",
      "enabled": true,
      "expires_at": "2026-11-22T00:01:00Z",
      "private": false,
      "weight": 1,
      "priority": "normal",
      "models": [],
      "addresses": [],
      "limits": {
        "rpm": null,
        "tpm": null,
        "rpd": null,
        "concurrency": null,
        "tokens_day": null,
        "tokens_month": null,
        "tokens_total": null,
        "usd_day": null,
        "usd_month": null,
        "usd_total": null
      },
      "injection": null,
      "log_bodies": false,
      "created_at": "2026-11-22T00:00:00Z",
      "last_used_at": null
    }
    "#);
    let key = made.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(house.call(&key).await, 200);
    house.clock.advance(Duration::from_mins(1));
    assert_eq!(house.call(&key).await, 403);
    assert_eq!(check(&house, &key).await["reason"], "expired");
}

#[tokio::test]
async fn a_check_is_no_call() {
    let house = House::open().await;
    let (id, key) = house.add_user("Ann").await;
    check(&house, &key).await;
    house.app.gateway.access.tend().await.unwrap();
    let last_used = async || house.get(&format!("/admin/users/{id}")).await.json()["last_used_at"].clone();
    assert_eq!(last_used().await, json!(null));
    house.call(&key).await;
    house.app.gateway.access.tend().await.unwrap();
    assert_eq!(last_used().await, json!("2026-11-22T00:00:00Z"));
}

#[tokio::test]
async fn lists_show_hints_only() {
    let house = House::open().await;
    let (id, key) = house.add_user("Ann").await;
    house.add_user("Bob").await;
    let page = house.get("/admin/users?limit=1").await.json();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["next"]), (1, &page["data"][0]["id"]));
    let users = house.get("/admin/keys/user").await.json();
    let ann = users["keys"].as_array().unwrap().iter().find(|user| user["id"] == *id).unwrap();
    let hint = crate::secret::hint(&key);
    let expected = json!({
        "id": id, "key": hint, "name": "Ann", "status": 1, "created_at": "2026-11-22T00:00:00Z", "last_used": null
    });
    assert_eq!(*ann, expected);
    let path = format!("/admin/keys/user/{id}");
    assert_eq!(house.post(&format!("{path}/toggle"), "").await.json()["message"], "Key disabled");
    assert_eq!(house.call(&key).await, 403);
    assert_eq!(house.post(&format!("{path}/toggle"), "").await.json()["message"], "Key enabled");
    assert_eq!(house.delete(&path).await.json()["success"], true);
    assert_eq!(house.call(&key).await, 401);
}

#[tokio::test]
async fn a_user_sees_the_models() {
    let house = House::open().await;
    let (_, key) = house.add_user("Ann").await;
    let get = async |path: &str| house.send(&Method::GET, path, Some(&key), Body::empty()).await;
    let list = get("/v1/models").await.json();
    let has = |id: &str| list["data"].as_array().unwrap().iter().any(|model| model["id"] == id);
    assert!(has("gemini-2.5-flash") && has("gemini-2.5-pro") && !has("gemini-2.0-flash"));
    insta::assert_snapshot!(get("/v1/models/gemini-2.5-flash-image").await.shown(), @r#"
    200
    {
      "id": "gemini-2.5-flash-image",
      "object": "model",
      "created": 1759363200,
      "owned_by": "google",
      "context_length": 65536,
      "max_output_tokens": 32768,
      "thinking": false,
      "shutdown_date": "2027-03-15"
    }
    "#);
    for id in ["models/gemini-2.5-pro", "models%2Fgemini-2.5-pro", "gemini-2.5-pro"] {
        let model = get(&format!("/v1/models/{id}")).await;
        assert_eq!((model.status, &model.json()["id"]), (200, &json!("gemini-2.5-pro")), "{id}");
    }
    insta::assert_snapshot!(get("/v1/models/gpt-4o").await.shown(), @r#"
    404
    {
      "error": {
        "message": "The model “gpt-4o” is not known here. GET /v1/models lists those that are; the administrator of this gateway can give the name a meaning with the setting `aliases`.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found"
      }
    }
    "#);
    for id in ["%FF", "%00", "models/", "gemini-2.0-flash", "a/b/c"] {
        let missing = get(&format!("/v1/models/{id}")).await;
        assert_eq!(
            (missing.status, &missing.json()["error"]["code"]),
            (404, &json!("model_not_found")),
            "{id}"
        );
    }
    assert_eq!(house.send(&Method::GET, "/v1/models", None, Body::empty()).await.status, 401);
}
