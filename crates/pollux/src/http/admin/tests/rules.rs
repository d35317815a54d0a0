//! What users may do, said over the admin API.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use super::House;

fn everything() -> Value {
    json!({
        "priority": "high",
        "models": ["gemini-2.5-*", "models/gemini-3.8-flash"],
        "addresses": ["203.0.113.7/32", "10.1.2.3/8", "2001:DB8::/32"],
        "limits": {
            "rpm": 10, "tpm": 100_000, "rpd": 1_000, "concurrency": 4, "tokens_day": 1, "tokens_month": 2,
            "tokens_total": 1_000_000_000_000_000_u64, "usd_day": 0.5, "usd_month": "12.345678", "usd_total": 100
        },
        "injection": { "position": "user_suffix", "content": "Be brief." },
    })
}

fn made(mut fields: Value) -> String {
    fields["name"] = json!("Ann");
    fields.to_string()
}

#[tokio::test]
async fn a_user_is_made_with_everything_and_keeps_it() {
    let house = House::open().await;
    let made = house.post("/admin/users", made(everything())).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let path = format!("/admin/users/{}", made["id"].as_str().unwrap());
    let kept = house.restart().await.get(&path).await.json();
    for shown in [&made, &kept] {
        assert_eq!(shown["models"], json!(["gemini-2.5-*", "gemini-3.8-flash"]));
        assert_eq!(shown["addresses"], json!(["203.0.113.7", "10.0.0.0/8", "2001:db8::/32"]));
        assert_eq!((&shown["priority"], &shown["injection"]), (&json!("high"), &everything()["injection"]));
        let limits = json!({
            "rpm": 10, "tpm": 100_000, "rpd": 1_000, "concurrency": 4, "tokens_day": 1, "tokens_month": 2,
            "tokens_total": 1_000_000_000_000_000_u64, "usd_day": 0.5, "usd_month": 12.345_678, "usd_total": 100.0
        });
        assert_eq!(shown["limits"], limits);
    }
}

#[tokio::test]
async fn a_change_touches_what_it_mentions_and_null_takes_away() {
    let house = House::open().await;
    let id = house.post("/admin/users", made(everything())).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/users/{id}");
    let change = async |body: Value| {
        let reply = house.patch(&path, &body).await;
        assert_eq!(reply.status, 200, "{body}: {}", reply.text);
        reply.json()
    };
    let changed = change(json!({ "limits": { "rpm": 20, "usd_total": null } })).await;
    let limits = &changed["limits"];
    assert_eq!(
        (&limits["rpm"], &limits["usd_total"], &limits["rpd"]),
        (&json!(20), &json!(null), &json!(1_000))
    );
    assert_eq!(changed["models"], json!(["gemini-2.5-*", "gemini-3.8-flash"]));
    let changed =
        change(json!({ "models": null, "addresses": [], "injection": null, "priority": null })).await;
    assert_eq!((&changed["models"], &changed["addresses"]), (&json!([]), &json!([])));
    assert_eq!((&changed["injection"], &changed["priority"]), (&json!(null), &json!("normal")));
    assert_eq!(changed["limits"]["rpm"], 20);
    let changed = change(json!({ "limits": null })).await;
    assert!(changed["limits"].as_object().unwrap().values().all(Value::is_null));
    // The old switch still works, and leaves the rules alone.
    change(everything()).await;
    house.post(&format!("/admin/keys/user/{id}/toggle"), "").await;
    let rotated = house.post(&format!("{path}/rotate"), "").await.json();
    assert_eq!((&rotated["enabled"], &rotated["limits"]["rpm"]), (&json!(false), &json!(10)));
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let house = House::open().await;
    let wrong = json!({
        "name": " ", "weight": 0, "priority": "urgent", "models": ["a b"], "addresses": ["10.0.0.0/33"],
        "limits": { "rpm": 0, "usd_day": -1, "rpw": 5 }, "injection": { "position": "middle" }
    });
    let reply = house.post("/admin/users", wrong.to_string()).await;
    assert_eq!(reply.status, 422);
    let problems: Vec<String> =
        reply.json()["problems"].as_array().unwrap().iter().map(Value::to_string).collect();
    insta::assert_snapshot!(problems.join("\n"), @r#"
    {"field":"name","reason":"is empty"}
    {"field":"weight","reason":"must be a whole number from 1 to 100"}
    {"field":"models","reason":"has an entry “a b” that is no model","way_out":"write an id such as gemini-2.5-flash, or a pattern such as gemini-2.5-*"}
    {"field":"addresses","reason":"has an entry “10.0.0.0/33” that is no address and no network","way_out":"write for example 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32"}
    {"field":"limits.rpm","reason":"must be a whole number from 1 to 1000000000000000","way_out":"write null for no limit; to let nothing through, disable the user"}
    {"field":"limits.usd_day","reason":"must be dollars from 0.000001 to 1000000000, with at most six decimals","way_out":"write null for no limit; to let nothing through, disable the user"}
    {"field":"limits","reason":"has no limit called “rpw”","way_out":"there are rpm, tpm, rpd, concurrency, tokens_day, tokens_month, tokens_total, usd_day, usd_month, usd_total"}
    {"field":"priority","reason":"must be low, normal or high"}
    {"field":"injection.position","reason":"must be system, user_prefix or user_suffix"}
    "#);
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("`name` is empty. `weight` must be"), "{detail}");
    let (id, _) = house.add_user("Ann").await;
    for (body, field) in [
        (json!({ "models": "gemini-2.5-pro" }), "models"),
        (json!({ "models": [5] }), "models"),
        (json!({ "models": vec!["a"; 101] }), "models"),
        (json!({ "addresses": ["localhost"] }), "addresses"),
        (json!({ "limits": 5 }), "limits"),
        (json!({ "limits": { "rpm": 1.5 } }), "limits.rpm"),
        (json!({ "limits": { "tpm": "5" } }), "limits.tpm"),
        (json!({ "limits": { "tokens_total": 1_000_000_000_000_001_u64 } }), "limits.tokens_total"),
        (json!({ "limits": { "usd_month": "0.0000001" } }), "limits.usd_month"),
        (json!({ "limits": { "usd_total": 1e12 } }), "limits.usd_total"),
        (json!({ "priority": 1 }), "priority"),
        (json!({ "injection": "Be brief." }), "injection"),
        (json!({ "injection": { "content": " " } }), "injection.content"),
        (json!({ "injection": { "content": "a", "colour": 1 } }), "injection"),
    ] {
        let reply = house.patch(&format!("/admin/users/{id}"), &body).await;
        assert_eq!(
            (reply.status, reply.json()["field"].as_str()),
            (422, Some(field)),
            "{body}: {}",
            reply.text
        );
        assert_eq!(reply.json()["problems"][0]["field"], field, "{body}");
    }
}

#[tokio::test]
async fn a_user_sees_and_uses_the_models_it_may() {
    let house = House::open().await;
    let body = made(json!({ "models": ["gemini-2.5-flash", "gemini-*-latest"] }));
    let key = house.post("/admin/users", body).await.json()["key"].as_str().unwrap().to_owned();
    let get = async |path: &str| house.send(&Method::GET, path, Some(&key), Body::empty()).await;
    let list = get("/v1/models").await.json();
    let ids: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"gemini-2.5-flash") && ids.contains(&"gemini-flash-latest"), "{ids:?}");
    assert!(ids.iter().all(|id| *id == "gemini-2.5-flash" || id.ends_with("-latest")), "{ids:?}");
    assert_eq!(get("/v1/models/gemini-2.5-flash").await.status, 200);
    insta::assert_snapshot!(get("/v1/models/gemini-2.5-pro").await.shown(), @r#"
    403
    {
      "error": {
        "message": "This key may not use the model “gemini-2.5-pro”. GET /v1/models lists those it may use; the administrator of this gateway can allow more.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_allowed"
      }
    }
    "#);
    for (model, status) in [("gemini-2.5-pro", 403), ("models/gemini-2.5-pro", 403), ("gpt-4o", 404)] {
        let body = json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] }).to_string();
        let refused = house.send(&Method::POST, "/v1/chat/completions", Some(&key), body).await;
        assert_eq!(refused.status, status, "{model}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_user_is_shown_with_what_it_has_used() {
    let house = House::open().await;
    let made = house.post("/admin/users", made(everything())).await.json();
    let shown = house.get(&format!("/admin/users/{}", made["id"].as_str().unwrap())).await.json();
    let names: Vec<&String> = shown["usage"].as_object().unwrap().keys().collect();
    let limits: Vec<&String> = shown["limits"].as_object().unwrap().keys().collect();
    assert_eq!(names, limits);
    assert_eq!(
        shown["usage"]["rpd"],
        json!({ "used": 0, "limit": 1_000, "resets_at": "2026-11-23T00:00:00Z" })
    );
    let month = json!({ "used": 0.0, "limit": 12.345_678, "resets_at": "2026-12-01T00:00:00Z" });
    assert_eq!(shown["usage"]["usd_month"], month);
    assert_eq!(shown["usage"]["concurrency"], json!({ "used": 0, "limit": 4, "resets_at": null }));
    assert!(made.get("usage").is_none(), "only where it is asked for");
}
