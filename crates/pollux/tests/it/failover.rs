//! What goes wrong before the first event is the gateway's business, not the client's.

use std::time::Duration;

use serde_json::json;

use crate::bed::{Bed, Plan, TO_TOMORROW};

const MODEL: &str = "gemini-3.8-flash";

async fn all_answered(bed: &Bed, calls: u32) {
    for call in 0..calls {
        let reply =
            if call % 2 == 0 { bed.chat(MODEL, "hello").await } else { bed.stream(MODEL, "hello", "").await };
        assert_eq!(reply.status, 200, "call {call}: {}", reply.body);
        assert!(reply.body.contains("hello"), "call {call}: {}", reply.body);
    }
}

/// One failing project out of four, for every kind of failure that is not the request's fault.
#[tokio::test]
async fn a_failing_project_is_invisible() {
    let faults = [
        "400-key-invalid",
        "400-key-expired",
        "401",
        "403-leaked",
        "403-suspended",
        "403-service-disabled",
        "403-blocked",
        "403-referrer",
        "403-permission",
        "429-minute",
        "429-tokens",
        "429-day",
        "429-both",
        "429-zero",
        "429-bare",
        "429-help",
        "429-old",
        "429-billing",
        "429-capacity",
        "500",
        "502",
        "503",
        "503-array",
        "empty-200",
        "html-200",
        "error-json-200",
        "reset-before",
        "error-first",
        "empty",
        "empty-stop",
        "malformed-call",
    ];
    for fault in faults {
        let bed = Plan { keys_per_project: 1, ..Plan::default() }.start().await;
        bed.script(json!({ "rules": [{ "project": 1, "fault": fault }] }));
        for call in 0..8 {
            let reply = bed.chat(MODEL, "hello").await;
            assert_eq!(reply.status, 200, "{fault}, call {call}: {}", reply.body);
            let reply = bed.stream(MODEL, "hello", "").await;
            assert!(reply.is_done(), "{fault}, call {call}, streamed: {}", reply.body);
        }
    }
}

#[tokio::test]
async fn a_dead_key_is_buried_and_its_sisters_live() {
    let bed = Plan::default().start().await;
    bed.script(json!({ "keys": { "p0k0": "leaked" } }));
    all_answered(&bed, 40).await;
    let state = bed.simulator.state();
    assert_eq!(state["keys"]["p0k0"]["accepted"], 0);
    let refused: u64 = state["keys"]["p0k0"]["rejected"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(refused, 1, "a leaked key is tried once and never again");
    assert!(state["keys"]["p0k1"]["accepted"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_spent_day_is_invisible_and_ends_at_midnight() {
    let plan = Plan { keys_per_project: 1, ..Plan::default() }.limits(Some(1_000), Some(1_000));
    let bed = plan.set("POLLUX_STRATEGY", "round_robin").start().await;
    bed.script(json!({ "rules": [{ "project": 2, "times": 1, "fault": "429-day" }] }));
    all_answered(&bed, 40).await;
    let before = accepted_by(&bed, "p2k0");
    all_answered(&bed, 8).await;
    assert_eq!(accepted_by(&bed, "p2k0"), before, "benched until the Pacific midnight");
    bed.advance(TO_TOMORROW);
    all_answered(&bed, 8).await;
    assert!(accepted_by(&bed, "p2k0") > before, "back after the Pacific midnight");
}

fn accepted_by(bed: &Bed, label: &str) -> u64 {
    bed.accepted().into_iter().find(|(name, _)| name == label).unwrap().1
}

#[tokio::test]
async fn a_burst_of_overload_is_invisible() {
    let bed = Plan { keys_per_project: 1, ..Plan::default() }.start().await;
    for _ in 0..5 {
        bed.script(json!({ "rules": [{ "times": 1, "fault": "503" }] }));
        all_answered(&bed, 4).await;
        // Three projects that fail alike within ten seconds would be an incident of the model.
        bed.advance(Duration::from_secs(15));
    }
}

#[tokio::test]
async fn a_single_project_gets_a_second_chance() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.start().await;
    for fault in ["500", "reset-before", "empty-stop", "malformed-call"] {
        let reply = bed.stream(MODEL, "hello", fault).await;
        assert!(reply.is_done(), "{fault}: {}", reply.body);
    }
}

/// What the client sees when nothing is left to try.
#[tokio::test]
async fn the_last_word_is_honest() {
    let cases = [
        ("400-key-invalid", "503 no_available_key"),
        ("403-suspended", "503 no_available_key"),
        ("429-minute", "429 rate_limit_exceeded"),
        ("429-day", "429 insufficient_quota"),
        ("429-zero", "404 model_not_found"),
        ("429-billing", "503 no_available_key"),
        ("400-region", "503 upstream_region_blocked"),
        ("400-context", "400 context_length_exceeded"),
        ("400-bare", "400 upstream_invalid_argument"),
        ("404-model", "404 model_not_found"),
        ("413", "413 request_too_large"),
        ("500", "502 upstream_error"),
        ("503", "503 upstream_overloaded"),
        ("504", "504 upstream_timeout"),
        ("html-200", "502 upstream_error"),
        ("malformed-call", "502 upstream_error"),
    ];
    for (fault, expected) in cases {
        let bed = Plan { projects: 2, keys_per_project: 1, ..Plan::default() };
        // Quota bodies name the real limits, so there have to be some.
        let bed = bed.limits(Some(1_000), Some(10_000)).start().await;
        bed.script(json!({ "rules": [{ "fault": fault }] }));
        assert_eq!(bed.chat(MODEL, "hello").await.verdict(), expected, "{fault}");
        // The second call finds the pool as the first one left it; it must not be blamed on the client either.
        let streamed = bed.stream(MODEL, "hello", "").await;
        assert!(streamed.status >= 400, "{fault}: {}", streamed.body);
        assert!(
            streamed.json()["error"]["message"].as_str().is_some_and(|message| !message.is_empty()),
            "{fault}"
        );
    }
}

/// The request's own fault is never tried on many keys, and never benches one.
#[tokio::test]
async fn a_bad_request_is_sent_once() {
    let bed = Plan { keys_per_project: 1, ..Plan::default() }.start().await;
    bed.script(json!({ "rules": [{ "times": 1, "fault": "400-bare" }] }));
    assert_eq!(bed.chat(MODEL, "hello").await.status, 400);
    assert_eq!(bed.accepted_in_all(), 0);
    all_answered(&bed, 8).await;
    assert!(bed.accepted().iter().all(|(_, count)| *count > 0), "{:?}", bed.accepted());
}

/// A model that does not exist is a 404, asked for on two projects at most and benching nobody.
#[tokio::test]
async fn a_model_that_does_not_exist_is_nobodys_fault() {
    let bed = Plan { keys_per_project: 1, ..Plan::default() }.start().await;
    for _ in 0..6 {
        assert_eq!(bed.chat("gemini-9-imaginary", "hello").await.verdict(), "404 model_not_found");
    }
    let asked = bed.simulator.state()["recent"].as_array().unwrap().len();
    assert!(asked <= 2, "{asked} requests for a model that is not there");
    all_answered(&bed, 8).await;
}

/// One project is slow to begin: with hedging on, another one answers, and nothing is answered twice.
#[tokio::test]
async fn a_late_first_event_is_hedged_where_the_operator_says_so() {
    let plan = Plan { projects: 2, keys_per_project: 1, ..Plan::default() };
    let bed = plan.set("POLLUX_HEDGE_AFTER", "100ms").start().await;
    bed.script(json!({ "rules": [{ "times": 1, "fault": "silence" }] }));
    let reply = bed.stream(MODEL, "hello", "").await;
    assert!(reply.is_done(), "{}", reply.body);
    assert_eq!(reply.finish_reasons(), ["stop"]);
    let state = bed.simulator.state();
    assert_eq!(state["recent"].as_array().unwrap().len(), 2, "the slow one and the hedge");
}

/// A request that fails on two projects while others are served is itself to blame: it stops there.
#[tokio::test]
async fn a_poison_request_stops_after_two_projects() {
    let bed = Plan { keys_per_project: 1, ..Plan::default() }.set("POLLUX_MAX_ATTEMPTS", "10").start().await;
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200);
    let before = bed.simulator.state()["recent"].as_array().unwrap().len();
    bed.script(json!({ "rules": [{ "times": 3, "fault": "500" }] }));
    assert_eq!(bed.chat(MODEL, "the poison").await.verdict(), "502 upstream_error");
    let asked = bed.simulator.state()["recent"].as_array().unwrap().len() - before;
    assert_eq!(asked, 2);
    bed.script(json!({}));
    all_answered(&bed, 8).await;
}
