//! How streams end: cleanly or honestly, never in between.

use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::json;

use crate::bed::{Bed, Plan, chat};

const MODEL: &str = "gemini-3.8-flash";

async fn bed() -> Bed {
    Plan { projects: 2, keys_per_project: 1, ..Plan::default() }.start().await
}

/// After the first event nothing is replayed: the stream ends with an error and without `[DONE]`.
#[tokio::test]
async fn a_stream_that_breaks_says_so() {
    for fault in ["error-mid:3", "error-raw:3", "eof-early", "eof-balanced", "reset:3"] {
        let bed = bed().await;
        let reply = bed.stream(MODEL, "hello", fault).await;
        assert_eq!(reply.status, 200);
        assert!(!reply.is_done(), "{fault}: {}", reply.body);
        let error = reply.stream_error().unwrap_or_else(|| panic!("{fault}: {}", reply.body));
        assert_eq!(error["code"], "upstream_stream_error", "{fault}");
        assert!(reply.finish_reasons().is_empty(), "{fault}: no invented finish reason");
        assert_eq!(bed.accepted_in_all(), 1, "{fault}: nothing is replayed");
    }
}

/// Shapes that look odd and are complete.
#[tokio::test]
async fn odd_streams_end_cleanly() {
    let faults = [
        "finish-alone",
        "finish-first",
        "stop-every-chunk",
        "no-usage",
        "usage-only",
        "shrinking-usage",
        "signature-empty-part",
        "inclusive-thoughts",
        "dribble",
        "split-utf8",
        "lf",
        "cr",
        "no-final-blank",
    ];
    for fault in faults {
        let bed = bed().await;
        let reply = bed.stream(MODEL, "你好，世界", fault).await;
        assert!(reply.is_done(), "{fault}: {}", reply.body);
        assert_eq!(reply.finish_reasons(), ["stop"], "{fault}");
        assert!(reply.streamed_text().contains("你好，世界"), "{fault}: {}", reply.body);
    }
}

#[tokio::test]
async fn blocked_and_filtered_answers_keep_their_reason() {
    for fault in ["blocked", "safety", "recitation"] {
        let bed = bed().await;
        let reply = bed.stream(MODEL, "hello", fault).await;
        assert_eq!(reply.finish_reasons(), ["content_filter"], "{fault}: {}", reply.body);
        let whole = bed
            .post_with("/v1/chat/completions", &chat(MODEL, "hello", false), &[("x-sim-fault", fault)])
            .await;
        assert_eq!(whole.json()["choices"][0]["finish_reason"], "content_filter", "{fault}: {}", whole.body);
    }
}

/// Slow first events are bridged by comments; from then on an error travels in-band.
#[tokio::test]
async fn silence_is_bridged_by_heartbeats() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }
        .set("POLLUX_HEARTBEAT_AFTER", "20ms")
        .start()
        .await;
    let reply = bed.stream(MODEL, "hello", "slow-first:200").await;
    assert!(reply.body.starts_with(": keep-alive\n\n"), "{}", reply.body);
    assert!(reply.is_done());

    bed.script(json!({ "rules": [{ "fault": ["slow-first:200", "400-bare"] }] }));
    let refused = bed.stream(MODEL, "hello", "").await;
    assert_eq!(refused.status, 200, "the head is out already");
    assert_eq!(refused.stream_error().unwrap()["code"], "upstream_invalid_argument");
    assert!(!refused.is_done());
}

#[tokio::test]
async fn no_first_event_in_time_is_a_504() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }
        .set("POLLUX_FIRST_EVENT_TIMEOUT", "50ms")
        .set("POLLUX_ANSWER_TIMEOUT", "50ms")
        .start()
        .await;
    bed.script(json!({ "rules": [{ "fault": "silence" }] }));
    assert_eq!(bed.stream(MODEL, "hello", "").await.verdict(), "504 upstream_timeout");
    assert_eq!(bed.chat(MODEL, "hello").await.verdict(), "504 upstream_timeout");
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_cut() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }
        .set("POLLUX_IDLE_TIMEOUT", "50ms")
        .start()
        .await;
    let reply = bed.stream(MODEL, "hello", "silence-mid:2").await;
    assert_eq!(reply.stream_error().unwrap()["code"], "upstream_stream_error");
    assert!(!reply.is_done());
}

/// A client that goes away takes its upstream exchange with it, and what it used is settled.
#[tokio::test]
async fn a_client_that_leaves_cancels_upstream() {
    let bed = bed().await;
    let mut response = bed.open(&chat(MODEL, "words:400", true), "slow-chunks:20").await;
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    let seen = tokio::time::timeout(Duration::from_secs(10), async {
        while bed.simulator.state()["aborted_streams"].as_u64() != Some(1) {
            tokio::task::yield_now().await;
        }
    });
    assert!(seen.await.is_ok(), "{}", bed.simulator.state()["aborted_streams"]);
}
