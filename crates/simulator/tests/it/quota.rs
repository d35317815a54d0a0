//! Quotas, credentials and the clock.

use serde_json::{Value, json};
use simulator::{LimitOverride, Limits, MinuteWindow, NamedKey, Options, Script, Tier};

use crate::bed::{Bed, FLASH, NOON, say};

const PRO: &str = "gemini-3.1-pro-preview";

fn options() -> Options {
    Options { projects: 2, keys_per_project: 2, clock_start: Some(NOON), ..Options::default() }
}

async fn call(bed: &Bed, key: usize, model: &str) -> crate::bed::Reply {
    bed.post(
        &format!("/v1beta/models/{model}:generateContent"),
        &[("x-goog-api-key", &bed.key(key))],
        &say("hi"),
    )
    .await
}

fn quota_ids(body: &Value) -> Vec<String> {
    let details = body["error"]["details"].as_array().unwrap();
    let failure =
        details.iter().find(|detail| detail["@type"].as_str().unwrap().ends_with("QuotaFailure")).unwrap();
    failure["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["quotaId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn keys_of_a_project_share_its_minute_and_the_minute_comes_back() {
    let bed = Bed::start(options()).await;
    for at in 0..5 {
        assert_eq!(call(&bed, at % 2, FLASH).await.status, 200);
    }
    let refused = call(&bed, 1, FLASH).await;
    assert_eq!(refused.status, 429);
    assert_eq!(quota_ids(&refused.json()), ["GenerateRequestsPerMinutePerProjectPerModel-FreeTier"]);
    assert!(refused.message().contains("Please retry in 60.000s."), "{}", refused.message());
    assert!(refused.message().contains("* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 5, model: gemini-3.8-flash"));
    assert_eq!(call(&bed, 2, FLASH).await.status, 200, "another project has its own bucket");
    assert_eq!(call(&bed, 0, "gemini-3.5-flash-lite").await.status, 200, "another model has its own bucket");
    assert_eq!(
        call(&bed, 0, "gemini-3.7-flash").await.status,
        429,
        "a rerouted model shares the bucket of its target"
    );
    bed.simulator.advance(60_000);
    assert_eq!(call(&bed, 1, FLASH).await.status, 200);
}

#[tokio::test]
async fn the_day_comes_back_at_pacific_midnight_and_its_delay_lies() {
    let limits = Limits { rpm: None, tpm: None, rpd: Some(2) };
    let limits = vec![LimitOverride { model: "*".to_owned(), project: None, limits }];
    let bed = Bed::start(Options { limits, minute_window: MinuteWindow::Clock, ..options() }).await;
    assert_eq!(call(&bed, 0, FLASH).await.status, 200);
    assert_eq!(call(&bed, 0, FLASH).await.status, 200);
    let refused = call(&bed, 0, FLASH).await.json();
    assert_eq!(quota_ids(&refused), ["GenerateRequestsPerDayPerProjectPerModel-FreeTier"]);
    assert_eq!(refused["error"]["details"][2]["retryDelay"], "36s");
    let midnight = bed.simulator.state()["pacific_midnight_ms"].as_i64().unwrap();
    bed.simulator.advance(midnight - NOON - 1);
    assert_eq!(call(&bed, 0, FLASH).await.status, 429);
    let turned = bed.post("/__sim/clock", &[], &json!({"advance_ms": 1})).await.json();
    assert_eq!((turned["now_ms"].as_i64(), turned["frozen"].as_bool()), (Some(midnight), Some(true)));
    assert_eq!(call(&bed, 0, FLASH).await.status, 200);
}

#[tokio::test]
async fn tokens_are_metered_and_a_prompt_that_is_too_long_burns_them() {
    let limits = Limits { rpm: None, tpm: Some(2_000_000), rpd: None };
    let limits = vec![LimitOverride { model: FLASH.to_owned(), project: Some(0), limits }];
    let bed = Bed::start(Options { limits, ..options() }).await;
    let long = say(&"word".repeat(1_048_577));
    let refused = bed.generate(FLASH, &long).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.message(),
        "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576)."
    );
    let long = say(&"word".repeat(1_000_000));
    let refused = bed.generate(FLASH, &long).await;
    assert_eq!(quota_ids(&refused.json()), ["GenerateContentInputTokensPerModelPerMinute-FreeTier"]);
    assert_eq!(bed.generate(FLASH, &say("hi")).await.status, 200);
}

#[tokio::test]
async fn models_that_a_tier_does_not_offer_have_limit_zero() {
    let bed = Bed::start(options()).await;
    let refused = call(&bed, 0, PRO).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.message().matches("limit: 0, model: gemini-3.1-pro").count(), 3);
    let paid = Bed::start(Options { tier: Tier::Paid, ..options() }).await;
    assert_eq!(call(&paid, 0, PRO).await.status, 200);
}

#[tokio::test]
async fn credentials_are_judged_as_google_judges_them() {
    let keys = vec![
        NamedKey { project: 0, key: "AIzaOld".to_owned() },
        NamedKey { project: 0, key: "AQ.New".to_owned() },
    ];
    let bed = Bed::start(Options { keys, ..options() }).await;
    let path = format!("/v1beta/models/{FLASH}:countTokens");
    for (query, headers, status, words) in [
        ("", vec![], 403, "unregistered callers"),
        ("", vec![("x-goog-api-key", "AIzaOld")], 200, ""),
        ("?key=AIzaOld", vec![], 200, ""),
        ("?key=AQ.New", vec![], 404, "Requested entity was not found."),
        (
            "?key=AIzaOld",
            vec![("x-goog-api-key", "AIzaOld")],
            400,
            "Multiple authentication credentials received",
        ),
        (
            "",
            vec![("x-goog-api-key", "AIzaOld"), ("authorization", "Bearer x")],
            400,
            "Multiple authentication",
        ),
        ("", vec![("authorization", "Bearer AIzaOld")], 401, "Expected OAuth 2 access token"),
        ("", vec![("x-goog-api-key", "nobody")], 400, "API key not valid."),
    ] {
        let reply = bed.post(&format!("{path}{query}"), &headers, &say("hi")).await;
        assert_eq!(reply.status, status, "{query} {headers:?}");
        assert!(words.is_empty() || reply.message().contains(words), "{}", reply.text());
    }
    let recent = bed.simulator.state()["recent"].clone();
    assert_eq!(recent[4]["credentials"], json!(["x-goog-api-key", "?key"]));
    assert!(!recent.to_string().contains("AIzaOld"), "no secret in the state");
}

#[tokio::test]
async fn key_states_answer_with_their_own_bodies() {
    let bed = Bed::start(options()).await;
    for (state, status, words) in [
        ("invalid", 400, "API key not valid"),
        ("expired", 400, "API key expired"),
        ("leaked", 403, "reported as leaked"),
        ("suspended", 403, "has been suspended"),
        ("service_disabled", 403, "has not been used in project"),
        ("blocked", 403, "GenerativeService.GenerateContent are blocked"),
        ("referrer", 403, "Requests from referer <empty> are blocked"),
        ("permission", 403, "The caller does not have permission"),
        ("region", 400, "User location is not supported"),
        ("billing", 429, "prepayment credits are depleted"),
        ("valid", 200, ""),
    ] {
        let script = json!({"keys": {"p0k0": state}}).to_string();
        bed.simulator.set_script(Script::from_json(&script).unwrap());
        let reply = call(&bed, 0, FLASH).await;
        assert_eq!(reply.status, status, "{state}");
        assert!(words.is_empty() || reply.message().contains(words), "{state}: {}", reply.text());
        assert_eq!(call(&bed, 2, "gemini-3.5-flash-lite").await.status, 200);
        assert_eq!(reply.text().contains(&bed.key(0)), state == "suspended", "only E11 prints the key");
    }
}

#[tokio::test]
async fn the_state_adds_up() {
    let bed = Bed::start(options()).await;
    for at in 0..7 {
        call(&bed, at % 2, FLASH).await;
    }
    call(&bed, 3, "gemini-9").await;
    let state = bed.get("/__sim/state").await.json();
    assert_eq!(state["keys"]["p0k0"]["calls"], 4);
    assert_eq!(state["keys"]["p1k0"]["calls"], 0);
    assert_eq!(state["projects"]["0"]["rejected"]["quota-minute"], 2);
    assert_eq!(state["models"][FLASH]["accepted"], 5);
    assert_eq!(state["models"]["gemini-9"]["rejected"]["unknown-model"], 1);
    assert_eq!((state["total"]["calls"].as_u64(), state["open_streams"].as_i64()), (Some(8), Some(0)));
    assert_eq!(state["quotas"][0]["requests_today"], 5);
    assert_eq!(state["recent"].as_array().unwrap().len(), 8);
    assert_eq!(bed.get("/__sim/keys").await.json().as_array().unwrap().len(), 4);
}
