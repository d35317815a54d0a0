//! What a client can do wrong.

use axum::body::Body;
use http::Method;
use serde_json::json;

use super::super::{BODY_LIMIT, IMPORT_LIMIT};
use super::{House, TOKEN, key};
use crate::http::{Mounted, mounted};

#[tokio::test]
async fn a_wrong_field_is_named() {
    let house = House::open().await;
    let cases = [
        ("/admin/config/gemini-key", r#"{"key": 5}"#, "`key` must be a text or a list of texts."),
        ("/admin/config/gemini-key", r#"{"key": {"a": 1}}"#, "`key` must be a text or a list of texts."),
        ("/admin/keys", r#"{"key": ["a", null]}"#, "`key` must be a text or a list of texts."),
        ("/admin/keys", r"{}", "`key` holds no key; give one, or several with any separator between them."),
        ("/admin/config/user-key", r#"{"name": ["x"]}"#, "`name` must be a text."),
        ("/admin/config/user-key", r#"{"name": " "}"#, "`name` is empty."),
        ("/admin/users", r"{}", "`name` is required."),
        ("/admin/users", r#"{"name": "a\u0000b"}"#, "`name` must not contain control characters."),
        ("/admin/users", r#"{"name": "a", "expires_at": 5}"#, "`expires_at` must be a text."),
        (
            "/admin/users",
            r#"{"name": "a", "expires_at": "tomorrow"}"#,
            "`expires_at` must be a time such as 2027-01-31T18:00:00Z.",
        ),
        (
            "/admin/users",
            r#"{"name": "a", "expires_at": "2026-01-01T00:00:00Z"}"#,
            "`expires_at` is over already.",
        ),
        ("/admin/users/check", r#"{"key": null}"#, "`key` is required."),
    ];
    for (path, body, expected) in cases {
        let reply = house.post(path, body).await;
        assert_eq!((reply.status, reply.json()["detail"].as_str()), (422, Some(expected)), "{path} {body}");
        let field = expected.split('`').nth(1);
        assert_eq!(reply.json()["field"].as_str(), field, "{path} {body}");
    }
    for query in ["limit=0", "limit=1001", "limit=x", "after=x", "after=%FF"] {
        for list in ["keys", "users", "projects", "limits", "keys/gemini", "keys/user"] {
            let reply = house.get(&format!("/admin/{list}?{query}")).await;
            assert_eq!(reply.status, 422, "{list}?{query}: {}", reply.text);
        }
    }
    assert_eq!(house.get("/admin/users?colour=red&limit=").await.status, 200);
}

#[tokio::test]
async fn broken_json_is_placed() {
    let house = House::open().await;
    let reply = house.post("/admin/config/gemini-key", format!("{{\"key\": \"{}", key(1))).await;
    insta::assert_snapshot!(reply.shown(), @r#"
    400
    {
      "type": "about:blank",
      "title": "Bad Request",
      "status": 400,
      "detail": "The body is not JSON: something is wrong at line 1, column 42."
    }
    "#);
}

#[tokio::test]
async fn no_body_makes_the_gateway_fail() {
    let house = House::open().await;
    let deep = "[".repeat(100_000);
    let bodies = [
        "",
        " ",
        "null",
        "true",
        "5",
        "1e999",
        "\"x\"",
        "[]",
        "[[]]",
        "{",
        "}",
        "{}",
        "\u{0}",
        "{\"key\"",
        &deep,
        r#"{"key": "", "name": ""}"#,
        r#"{"key": [], "name": {}}"#,
        r#"{"key": "\ud800", "name": "\ud800"}"#,
        r#"{"key": [[["x"]]], "name": 1}"#,
        r#"{"key": true, "name": false}"#,
        r#"{"key": "\u0000", "name": "\u0000"}"#,
        r#"{"key": [{"key": 5}], "name": "a"}"#,
        r#"{"name": "a", "expires_at": "99999-01-01T00:00:00Z"}"#,
        r#"{"key": "=,;|\n#//", "name": "💥", "expires_at": ""}"#,
    ];
    for Mounted { path, .. } in mounted().into_iter().filter(|route| route.path.starts_with("/admin")) {
        let path = super::filled(&path, "user_01jd3rs9w00123456789");
        for body in bodies {
            for method in [Method::POST, Method::PUT, Method::PATCH] {
                let reply = house.send(&method, &path, Some(TOKEN), body.to_owned()).await;
                assert!(reply.status < 500, "{method} {path} {body:.40}: {}", reply.text);
                if reply.status >= 400 {
                    assert_eq!(
                        reply.headers["content-type"], "application/problem+json",
                        "{path} {body:.40}"
                    );
                    assert_eq!(reply.json()["status"], reply.status, "{path} {body:.40}");
                }
            }
        }
        let reply = house.post(&path, b"{\"key\": \"\xff\"}".to_vec()).await;
        assert!(reply.status < 500, "{path}: {}", reply.text);
    }
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    let house = House::open().await;
    let text = |length: usize| json!({ "key": " ".repeat(length), "name": "Ann" }).to_string();
    assert_eq!(house.post("/admin/config/gemini-key", text(IMPORT_LIMIT - 100)).await.status, 200);
    assert_eq!(house.post("/admin/users", text(BODY_LIMIT - 100)).await.status, 201);
    let reply = house.post("/admin/config/gemini-key", text(IMPORT_LIMIT)).await;
    insta::assert_snapshot!(reply.shown(), @r#"
    413
    {
      "type": "about:blank",
      "title": "Payload Too Large",
      "status": 413,
      "detail": "The request is larger than the 8192 KiB it may have."
    }
    "#);
    assert_eq!(house.post("/admin/users", text(BODY_LIMIT)).await.status, 413);
}

#[tokio::test]
async fn what_is_no_id_is_not_there() {
    let house = House::open().await;
    let pasted = key(1);
    let ids = [
        "7",
        "key_",
        "user_01jd3rs9w00123456789",
        "key_01jd3rs9w00123456789",
        "..%2Fusers",
        "%FF",
        "%00",
        &pasted,
    ];
    for id in ids {
        for (method, path) in
            [(Method::GET, ""), (Method::DELETE, ""), (Method::POST, "/enable"), (Method::POST, "/check")]
        {
            let reply =
                house.send(&method, &format!("/admin/keys/{id}{path}"), Some(TOKEN), Body::empty()).await;
            assert_eq!(
                (reply.status, reply.json()["detail"].as_str()),
                (404, Some("There is no such key.")),
                "{id}"
            );
        }
        let reply = house.post(&format!("/admin/users/{id}/rotate"), "").await;
        assert_eq!(reply.status, 404, "{id}");
    }
    assert_eq!(house.get("/admin/nothing").await.status, 404);
    let reply = house.delete("/admin/pool").await;
    assert_eq!(reply.status, 405);
    assert_eq!(reply.headers["content-type"], "application/problem+json");
}
