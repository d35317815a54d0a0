//! Settings over the admin API, and under the names of the original.

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{House, Reply, TOKEN};

/// One setting as it is listed.
async fn setting(house: &House, name: &str) -> Value {
    let all = house.get("/admin/settings").await.json();
    let all = all["settings"].as_array().unwrap().clone();
    all.into_iter().find(|one| one["name"] == name).unwrap()
}

async fn patch_from(house: &House, tag: &str, body: &Value) -> Reply {
    let request = Request::patch("/admin/settings").header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    let request = request.header(header::IF_MATCH, tag).body(Body::from(body.to_string())).unwrap();
    let response = house.app.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Reply { status: parts.status.as_u16(), headers: parts.headers, text }
}

#[tokio::test]
async fn a_setting_tells_all_about_itself() {
    let house = House::with(&[("POLLUX_MAX_ATTEMPTS", "5")]).await;
    insta::assert_json_snapshot!(setting(&house, "max_attempts").await, @r#"
    {
      "name": "max_attempts",
      "section": "Calls",
      "value": 5,
      "source": "configured",
      "configured": 5,
      "default": "3",
      "constraints": {
        "type": "integer",
        "minimum": 1,
        "maximum": 100
      },
      "doc": "How many projects one call may try.",
      "flag": "--max-attempts",
      "env": [
        "POLLUX_MAX_ATTEMPTS"
      ]
    }
    "#);
    let changed =
        house.patch("/admin/settings", &json!({ "max_attempts": 7, "strategy": "fill_first" })).await;
    insta::assert_snapshot!(changed.shown(), @r#"
    200
    {
      "version": 1,
      "dry_run": false,
      "changes": [
        {
          "name": "strategy",
          "from": "headroom",
          "to": "fill_first"
        },
        {
          "name": "max_attempts",
          "from": 5,
          "to": 7
        }
      ]
    }
    "#);
    assert_eq!(changed.headers["etag"], "\"1\"");
    let now = setting(&house, "max_attempts").await;
    assert_eq!((&now["value"], &now["source"], &now["configured"]), (&json!(7), &json!("stored"), &json!(5)));
    let house = house.restart().await;
    assert_eq!(setting(&house, "max_attempts").await["value"], 7, "it survives a restart");
    house.patch("/admin/settings", &json!({ "max_attempts": null })).await;
    assert_eq!(setting(&house, "max_attempts").await["source"], "default");
}

#[tokio::test]
async fn what_is_wrong_is_pointed_at() {
    let house = House::open().await;
    let reply =
        house.patch("/admin/settings", &json!({ "max_attempts": 0, "thinking_enabled": "false" })).await;
    insta::assert_snapshot!(reply.shown(), @r#"
    422
    {
      "type": "about:blank",
      "title": "Unprocessable Entity",
      "status": 422,
      "detail": "Nothing was changed. `/max_attempts` is not a whole number from 1 to 100; write digits only. `/thinking_enabled` must be true or false; send a JSON truth value, not a text.",
      "problems": [
        {
          "field": null,
          "pointer": "/max_attempts",
          "reason": "is not a whole number from 1 to 100",
          "way_out": "write digits only"
        },
        {
          "field": null,
          "pointer": "/thinking_enabled",
          "reason": "must be true or false",
          "way_out": "send a JSON truth value, not a text"
        }
      ]
    }
    "#);
    assert_eq!(house.get("/admin/settings").await.json()["version"], 0);
}

#[tokio::test]
async fn who_has_not_seen_the_last_change_is_told() {
    let house = House::open().await;
    let first = patch_from(&house, "\"0\"", &json!({ "max_attempts": 4 })).await;
    assert_eq!((first.status, first.json()["version"].as_i64()), (200, Some(1)));
    let late = patch_from(&house, "\"0\"", &json!({ "max_attempts": 8 })).await;
    assert_eq!(late.status, 412, "{}", late.text);
    assert!(late.json()["detail"].as_str().unwrap().contains("version 1 holds now"));
    assert_eq!(setting(&house, "max_attempts").await["value"], 4);
    assert_eq!(patch_from(&house, "W/\"1\"", &json!({ "max_attempts": 8 })).await.status, 200);
    assert_eq!(patch_from(&house, "*", &json!({ "max_attempts": 9 })).await.status, 200);
    assert_eq!(patch_from(&house, "\"x\"", &json!({})).await.status, 400);
}

#[tokio::test]
async fn a_preview_changes_nothing_and_a_rollback_everything() {
    let house = House::open().await;
    let preview = house.patch("/admin/settings?dry_run=true", &json!({ "max_attempts": 4 })).await.json();
    assert_eq!(
        (&preview["dry_run"], &preview["version"], &preview["changes"][0]["to"]),
        (&json!(true), &json!(0), &json!(4))
    );
    assert_eq!(house.patch("/admin/settings?dry_run=perhaps", &json!({})).await.status, 422);
    for attempts in [4, 5] {
        house.patch("/admin/settings", &json!({ "max_attempts": attempts })).await;
    }
    let dry = house.post("/admin/settings/rollback", r#"{"version": 1, "dry_run": true}"#).await.json();
    assert_eq!((&dry["version"], &dry["changes"][0]["to"]), (&json!(2), &json!(4)));
    assert_eq!(house.post("/admin/settings/rollback", r#"{"version": 1}"#).await.json()["version"], 3);
    assert_eq!(setting(&house, "max_attempts").await["value"], 4);
    for body in [r#"{"version": 99}"#, r#"{"version": -1}"#, r#"{"version": "1"}"#, "{}"] {
        let reply = house.post("/admin/settings/rollback", body).await;
        assert!([404, 422].contains(&reply.status), "{body}: {}", reply.text);
    }
    let page = house.get("/admin/settings/history?limit=2").await.json();
    let told: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["version"].clone(), one["author"].clone()))
        .collect();
    assert_eq!(told, [(json!(3), json!("admin token")), (json!(2), json!("admin token"))]);
    let rest = house.get("/admin/settings/history?limit=2&after=2").await.json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    assert_eq!(house.get("/admin/settings/history?after=x").await.status, 422);
}

#[tokio::test]
async fn the_names_of_the_original_set_the_same_settings() {
    let house = House::open().await;
    let thinking = json!({ "enabled": true, "budget": 16384, "include_thoughts": false });
    let reply = house.post("/admin/config/thinking", thinking.to_string()).await;
    assert_eq!(reply.text, r#"{"success":true,"message":"Thinking configuration updated successfully"}"#);
    let inject = json!({ "enabled": true, "content": "你是一个专业的AI助手，请用中文回答。", "position": "user_suffix" });
    let reply = house.post("/admin/config/inject-prompt", inject.to_string()).await;
    assert_eq!(
        reply.text,
        r#"{"success":true,"message":"Inject prompt configuration updated successfully"}"#
    );
    let stats = house.get("/admin/stats").await.json();
    assert_eq!((&stats["thinking_config"], &stats["inject_config"]), (&thinking, &inject));
    assert_eq!(setting(&house, "injection_position").await["value"], "user_suffix");
    for strategy in ["least_used", "round_robin", "adaptive"] {
        let body = json!({ "load_balance_strategy": strategy }).to_string();
        assert_eq!(house.post("/admin/config/load-balance", body).await.json()["success"], true);
    }
    let config = house.get("/admin/config").await.json();
    let rows: Vec<String> = config["system_configs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{}={}", row["key"].as_str().unwrap(), row["value"].as_str().unwrap()))
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    default_model_name=gemini-3.8-flash
    max_retries=3
    request_timeout=120
    load_balance_strategy=headroom
    thinking_enabled=true
    thinking_budget=16384
    include_thoughts=false
    inject_prompt_enabled=true
    inject_prompt_content=你是一个专业的AI助手，请用中文回答。
    inject_prompt_position=user_suffix
    ");
}

#[tokio::test]
async fn a_wrong_type_is_named_and_turns_nothing_on() {
    let house = House::open().await;
    let cases = [
        ("thinking", r#"{"enabled": "false"}"#, "`enabled` must be true or false."),
        ("thinking", r#"{"budget": "abc"}"#, "`budget` must be a whole number from -1 to 32768."),
        (
            "thinking",
            r#"{"enabled": false, "budget": 32769}"#,
            "`budget` must be a whole number from -1 to 32768.",
        ),
        ("thinking", r#"{"include_thoughts": 1}"#, "`include_thoughts` must be true or false."),
        ("inject-prompt", r#"{"enabled": "false"}"#, "`enabled` must be true or false."),
        ("inject-prompt", r#"{"content": 5}"#, "`content` must be a text."),
        (
            "inject-prompt",
            r#"{"position": "top"}"#,
            "`position` must be one of: system, user_prefix, user_suffix.",
        ),
        (
            "load-balance",
            r#"{"load_balance_strategy": "random"}"#,
            "`load_balance_strategy` must be one of: least_used, round_robin, adaptive, headroom, fill_first.",
        ),
        ("load-balance", "{}", "`load_balance_strategy` is required."),
    ];
    for (path, body, expected) in cases {
        let reply = house.post(&format!("/admin/config/{path}"), body).await;
        assert_eq!((reply.status, reply.json()["detail"].as_str()), (422, Some(expected)), "{path} {body}");
    }
    assert_eq!(house.get("/admin/settings").await.json()["version"], 0);
}

#[tokio::test]
async fn a_model_is_limited_and_switched_off() {
    let house = House::open().await;
    let (_, key) = house.add_user("Ann").await;
    let body = r#"{"single_api_rpm_limit": 10, "single_api_rpd_limit": 250, "status": 0}"#;
    let reply = house.post("/admin/models/gemini-2.5-flash", body).await.json();
    assert_eq!(reply["updated_fields"], json!(["single_api_rpm_limit", "single_api_rpd_limit", "status"]));
    house.post("/admin/models/gemini-2.5-flash", r#"{"single_api_rpm_limit": 15}"#).await;
    let shown = house.get("/admin/models/gemini-2.5-flash").await.json();
    assert_eq!(
        (
            &shown["single_api_rpm_limit"],
            &shown["single_api_rpd_limit"],
            &shown["single_api_tpm_limit"],
            &shown["status"]
        ),
        (&json!(15), &json!(250), &json!(-1), &json!(0))
    );
    let listed = house.get("/admin/models").await.json();
    let listed = listed["models"]
        .as_array()
        .unwrap()
        .iter()
        .find(|model| model["model_name"] == "gemini-2.5-flash")
        .cloned();
    assert_eq!(listed.unwrap()["status"], 0);
    let called = house.send(&Method::GET, "/v1/models/gemini-2.5-flash", Some(&key), Body::empty()).await;
    assert!(called.status == 404 && called.text.contains("switched off on this gateway"), "{}", called.text);
    let all = house.send(&Method::GET, "/v1/models", Some(&key), Body::empty()).await;
    assert!(!all.text.contains("\"gemini-2.5-flash\"") && all.text.contains("\"gemini-2.5-pro\""));
    let chat = r#"{"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": "Hi"}]}"#;
    let refused = house.send(&Method::POST, "/v1/chat/completions", Some(&key), chat).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (404, Some("model_not_found")));
    for body in [r#"{"single_api_rpm_limit": "abc"}"#, r#"{"status": true}"#, r#"{"colour": 1}"#] {
        assert_eq!(house.post("/admin/models/gemini-2.5-flash", body).await.status, 422, "{body}");
    }
    assert_eq!(house.get("/admin/models/nope").await.status, 404);
    // What the documented sample reads is always there.
    let stats = house.get("/admin/stats").await.json();
    for model in ["gemini-2.5-flash", "gemini-2.5-pro"] {
        assert_eq!(stats["usage_stats"][model]["day"], json!({ "requests": 0, "tokens": 0 }), "{model}");
    }
}

#[tokio::test]
async fn the_watching_endpoints_say_what_they_promise() {
    let house = House::open().await;
    let is_open = async |path: &str| house.send(&Method::GET, path, None, Body::empty()).await;
    let status = is_open("/status").await.json();
    let text = ["service", "status", "version", "python_version"];
    assert!(text.iter().all(|name| status[*name].is_string()), "{status}");
    assert!(
        status["memory_usage_mb"].is_f64()
            && status["cpu_percent"].is_f64()
            && status["render_url"].is_null()
    );
    assert!(
        status["uptime_seconds"].is_i64()
            && status["models"].is_array()
            && status["keep_alive_active"] == false
    );
    assert_eq!(house.send(&Method::HEAD, "/status", None, Body::empty()).await.status, 200);
    for path in ["/metrics", "/debug/info"] {
        assert_eq!(is_open(path).await.status, 401, "{path}");
    }
    let metrics = house.get("/metrics").await.json();
    let names: Vec<_> = metrics.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "memory_usage_mb",
            "cpu_percent",
            "active_connections",
            "uptime_seconds",
            "requests_count",
            "database_size_mb"
        ]
    );
    assert!(metrics["database_size_mb"].as_f64().unwrap() > 0.0);
    house
        .patch("/admin/settings", &json!({ "injection_enabled": true, "injection_content": "secret sauce" }))
        .await;
    let debug = house.get("/debug/info").await;
    assert_eq!(
        (debug.status, debug.json()["settings"]["injection_content"]["characters"].as_i64()),
        (200, Some(12))
    );
    assert!(!debug.text.contains("secret sauce"));
    assert_eq!(is_open("/v1").await.json()["service"], "Pollux");
}

#[tokio::test]
async fn pages_of_named_origins_may_call() {
    let house = House::open().await;
    let preflight = async |origin: &str| {
        let request = Request::options("/v1/chat/completions")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization");
        house.app.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    assert_eq!(preflight("https://app.example").await.status(), 405);
    house.patch("/admin/settings", &json!({ "cors_origins": ["https://app.example"] })).await;
    let answer = preflight("https://app.example").await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example");
    assert_eq!(answer.headers()["access-control-allow-headers"], "authorization");
    assert_eq!(preflight("https://evil.example").await.status(), 405);
    let admin = Request::options("/admin/settings")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "PATCH")
        .body(Body::empty())
        .unwrap();
    let admin = house.app.router.clone().oneshot(admin).await.unwrap();
    assert!(!admin.headers().contains_key("access-control-allow-origin"));
}
