//! What is turned while the gateway runs, and what the next call makes of it.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};
use crate::reply::Reply;

const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async fn set(bed: &Bed, change: Value) {
    let reply = bed.admin(Method::PATCH, "/admin/settings", &change).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// What Google was last asked.
fn asked(bed: &Bed) -> Value {
    bed.simulator.state()["recent"].as_array().unwrap().last().unwrap()["body"].clone()
}

fn thinking(bed: &Bed) -> Value {
    asked(bed)["generationConfig"]["thinkingConfig"].clone()
}

async fn ask(bed: &Bed, model: &str, more: Value) -> Reply {
    let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let reply = bed.post("/v1/chat/completions", &body).await;
    assert_eq!(reply.status, 200, "{model}: {}", reply.body);
    reply
}

#[tokio::test]
async fn global_thinking_fits_every_model_and_a_request_wins() {
    let bed = Plan::default().start().await;
    // The simulator refuses what Google refuses: each of these is a 400 if it is not brought into range.
    let table = [
        (json!({ "enabled": true, "budget": 0 }), [json!(128), json!(0), json!(0)], "MINIMAL|LOW"),
        (json!({ "enabled": true, "budget": 100 }), [json!(128), json!(100), json!(512)], "MINIMAL|LOW"),
        (json!({ "enabled": true, "budget": 16384 }), [json!(16384), json!(16384), json!(16384)], "HIGH"),
        (json!({ "enabled": true, "budget": 32768 }), [json!(32768), json!(24576), json!(24576)], "HIGH"),
        (json!({ "enabled": true, "budget": -1 }), [Value::Null, Value::Null, Value::Null], ""),
        (json!({ "enabled": false, "budget": 16384 }), [json!(128), json!(0), json!(0)], "MINIMAL|LOW"),
    ];
    for (config, budgets, level) in table {
        let reply = bed.admin(Method::POST, "/admin/config/thinking", &config).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        for (model, budget) in
            ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"].iter().zip(budgets)
        {
            ask(&bed, model, json!({})).await;
            assert_eq!(thinking(&bed)["thinkingBudget"], budget, "{model} {config}");
        }
        ask(&bed, "gemini-3.8-flash", json!({})).await;
        let sent = thinking(&bed)["thinkingLevel"].as_str().unwrap_or_default().to_owned();
        assert!(level.split('|').any(|one| one == sent), "{sent} {config}");
        // The last row switches thinking off; the request still has its way.
        ask(&bed, "gemini-2.5-flash", json!({ "thinking_config": { "thinking_budget": 2048 } })).await;
        assert_eq!(thinking(&bed)["thinkingBudget"], 2048, "{config}");
        ask(&bed, "gemini-2.5-flash", json!({ "reasoning_effort": "low" })).await;
        assert_eq!(thinking(&bed)["thinkingBudget"], 1024, "{config}");
    }
}

#[tokio::test]
async fn thoughts_are_shown_if_anybody_wants_them() {
    let bed = Plan::default().start().await;
    let shown = |reply: &Reply| reply.json()["choices"][0]["message"]["reasoning_content"].is_string();
    set(&bed, json!({ "include_thoughts": false, "thinking_budget": 4096 })).await;
    assert!(!shown(&ask(&bed, "gemini-2.5-flash", json!({})).await));
    let wanted = json!({ "thinking_config": { "include_thoughts": true } });
    assert!(shown(&ask(&bed, "gemini-2.5-flash", wanted).await));
    set(&bed, json!({ "include_thoughts": true })).await;
    assert!(shown(&ask(&bed, "gemini-2.5-flash", json!({})).await));
    // Only how much was said; whether they are shown is still for the setting to say.
    let budget = json!({ "thinking_config": { "thinking_budget": 2048 } });
    assert!(shown(&ask(&bed, "gemini-2.5-flash", budget).await));
    set(&bed, json!({ "models": { "gemini-2.5-flash": { "include_thoughts": false } } })).await;
    assert!(!shown(&ask(&bed, "gemini-2.5-flash", json!({})).await));
    assert!(shown(&ask(&bed, "gemini-2.5-pro", json!({})).await));
}

#[tokio::test]
async fn an_injected_prompt_loses_no_image_and_comes_once() {
    let bed = Plan::default().start().await;
    let user = json!({ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": PIXEL } }, { "type": "text", "text": "What is it?" }] });
    let messages = json!({ "messages": [{ "role": "system", "content": "Be brief." }, user,
        { "role": "assistant", "content": "A dot." }, { "role": "user", "content": "Sure?" }] });
    for (position, path, index) in [
        ("system", "/systemInstruction/parts", 0),
        ("user_prefix", "/contents/0/parts", 0),
        ("user_suffix", "/contents/2/parts", 1),
    ] {
        let config = json!({ "enabled": true, "content": "请用中文回答。", "position": position });
        assert_eq!(bed.admin(Method::POST, "/admin/config/inject-prompt", &config).await.status, 200);
        ask(&bed, "gemini-2.5-flash", messages.clone()).await;
        let sent = asked(&bed);
        let text = sent.pointer(path).unwrap()[index]["text"].as_str().unwrap();
        assert_eq!(text.trim(), "请用中文回答。", "{position}: {sent}");
        assert_eq!(sent.to_string().matches("请用中文回答。").count(), 1, "{position}");
        assert!(sent.to_string().contains("inlineData"), "{position} lost the image");
        assert!(sent["systemInstruction"].to_string().contains("Be brief."), "{position}");
    }
    let off = json!({ "enabled": false });
    assert_eq!(bed.admin(Method::POST, "/admin/config/inject-prompt", &off).await.status, 200);
    ask(&bed, "gemini-2.5-flash", messages).await;
    assert!(!asked(&bed).to_string().contains("请用中文回答。"));
}

#[tokio::test]
async fn a_users_own_prompt_comes_after_the_global_one() {
    let bed = Plan::default().start().await;
    let users = bed.admin(Method::GET, "/admin/users", &Value::Null).await.json();
    let id = users["data"][0]["id"].as_str().unwrap().to_owned();
    for (position, path) in [("system", "/systemInstruction/parts"), ("user_suffix", "/contents/0/parts")] {
        set(&bed, json!({ "injection_enabled": true, "injection_content": "For all.", "injection_position": position }))
            .await;
        let own = json!({ "injection": { "position": position, "content": "For Ann." } });
        assert_eq!(bed.admin(Method::PATCH, &format!("/admin/users/{id}"), &own).await.status, 200);
        ask(&bed, "gemini-2.5-flash", json!({})).await;
        let parts = asked(&bed).pointer(path).unwrap().as_array().unwrap().clone();
        let texts: Vec<_> =
            parts.iter().map(|part| part["text"].as_str().unwrap().trim().to_owned()).collect();
        let last = texts.len() - 2;
        let two = if position == "system" { &texts[..2] } else { &texts[last..] };
        assert_eq!(two, ["For all.", "For Ann."], "{position}: {texts:?}");
    }
}

#[tokio::test]
async fn the_pool_takes_a_new_strategy_at_once() {
    let plan = Plan { projects: 3, keys_per_project: 1, ..Plan::default() };
    let bed = plan.set("POLLUX_STRATEGY", "fill_first").start().await;
    for _ in 0..6 {
        ask(&bed, "gemini-3.8-flash", json!({})).await;
    }
    let busiest = |bed: &Bed| bed.accepted().into_iter().map(|(_, count)| count).max();
    assert_eq!(busiest(&bed), Some(6), "one project first");
    let body = json!({ "load_balance_strategy": "least_used" });
    assert_eq!(bed.admin(Method::POST, "/admin/config/load-balance", &body).await.status, 200);
    for _ in 0..12 {
        ask(&bed, "gemini-3.8-flash", json!({})).await;
    }
    let counts: Vec<u64> = bed.accepted().into_iter().map(|(_, count)| count).collect();
    assert_eq!(counts, [6, 6, 6]);
}

#[tokio::test]
async fn a_call_is_tried_as_often_as_the_setting_says() {
    let bed = Plan { projects: 4, keys_per_project: 1, ..Plan::default() }.start().await;
    bed.script(json!({ "rules": [{ "fault": "500" }] }));
    let calls = |bed: &Bed| {
        let state = bed.simulator.state();
        state["keys"].as_object().unwrap().values().map(|key| key["calls"].as_u64().unwrap()).sum::<u64>()
    };
    for (attempts, expected) in [(1, 1), (2, 2)] {
        set(&bed, json!({ "max_attempts": attempts })).await;
        let before = calls(&bed);
        assert_ne!(bed.chat("gemini-3.8-flash", "Hi").await.status, 200);
        assert_eq!(calls(&bed) - before, expected);
        bed.advance(Duration::from_hours(1));
    }
}

#[tokio::test]
async fn the_default_model_and_the_stats_follow() {
    let bed = Plan::default().start().await;
    set(&bed, json!({ "default_model": "gemini-2.5-flash" })).await;
    for _ in 0..3 {
        let body = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
        let reply = bed.post("/v1/chat/completions", &body).await;
        assert_eq!((reply.status, reply.json()["model"].as_str()), (200, Some("gemini-2.5-flash")));
    }
    let stats = async || bed.admin(Method::GET, "/admin/stats", &Value::Null).await.json();
    let used = stats().await["usage_stats"]["gemini-2.5-flash"].clone();
    assert_eq!((&used["minute"]["requests"], &used["day"]["requests"]), (&json!(3), &json!(3)));
    assert!(used["day"]["tokens"].as_u64().unwrap() > 0, "{used}");
    bed.advance(Duration::from_mins(2));
    let used = stats().await["usage_stats"]["gemini-2.5-flash"].clone();
    assert_eq!((&used["minute"]["requests"], &used["day"]["requests"]), (&json!(0), &json!(3)));
    let bed = bed.restart().await;
    let stats = bed.admin(Method::GET, "/admin/stats", &Value::Null).await.json();
    assert_eq!(stats["usage_stats"]["gemini-2.5-flash"]["day"]["requests"], 3, "the day survives a restart");
    let settings = bed.admin(Method::GET, "/admin/settings", &Value::Null).await.json();
    assert_eq!(settings["settings"][0]["value"], "gemini-2.5-flash");
    assert_eq!((stats["gemini_keys"].as_u64(), stats["active_gemini_keys"].as_u64()), (Some(12), Some(12)));
}
