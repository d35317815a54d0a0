//! Calls are spread over projects and keys as the strategy says.

use std::time::Duration;

use serde_json::Value;

use crate::bed::{ADMIN, Plan, TO_TOMORROW, chat};

async fn spread(strategy: &'static str, calls: u32) -> Vec<(String, u64)> {
    let bed = Plan::default().set("POLLUX_STRATEGY", strategy).start().await;
    for _ in 0..calls {
        assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.status, 200);
    }
    bed.accepted()
}

fn gap(counts: &[(String, u64)]) -> u64 {
    let numbers = || counts.iter().map(|(_, count)| *count);
    numbers().max().unwrap() - numbers().min().unwrap()
}

#[tokio::test]
async fn round_robin_gives_every_key_its_turn() {
    let counts = spread("round_robin", 1_200).await;
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 1_200);
    assert_eq!(counts.len(), 12);
    assert!(gap(&counts) <= 1, "{counts:?}");
}

#[tokio::test]
async fn least_used_gives_every_key_as_much() {
    let counts = spread("least_used", 240).await;
    assert!(gap(&counts) <= 1, "{counts:?}");
}

#[tokio::test]
async fn a_full_pool_says_when_it_opens_again() {
    let bed =
        Plan { projects: 2, keys_per_project: 2, ..Plan::default() }.limits(Some(3), None).start().await;
    // Six calls are allowed; learning the limits costs refusals that no client sees.
    for _ in 0..6 {
        assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.status, 200);
    }
    let full = bed.chat("gemini-3.8-flash", "hello").await;
    assert_eq!(full.verdict(), "429 rate_limit_exceeded");
    let wait: u64 = full.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=120).contains(&wait), "{wait}");
    bed.advance(Duration::from_secs(wait + 2));
    assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.status, 200);
}

#[tokio::test]
async fn a_used_up_day_lasts_to_the_pacific_midnight() {
    let bed =
        Plan { projects: 2, keys_per_project: 1, ..Plan::default() }.limits(None, Some(4)).start().await;
    for _ in 0..8 {
        assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.status, 200);
    }
    let spent = bed.chat("gemini-3.8-flash", "hello").await;
    assert_eq!(spent.verdict(), "429 insufficient_quota");
    assert_eq!(spent.header("x-should-retry"), Some("false"));
    let wait: u64 = spent.header("retry-after").unwrap().parse().unwrap();
    assert!((12 * 3_600..=12 * 3_600 + 120).contains(&wait), "{wait}");

    bed.advance(Duration::from_hours(11));
    assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.verdict(), "429 insufficient_quota");
    bed.advance(TO_TOMORROW - Duration::from_hours(11));
    for _ in 0..8 {
        assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.status, 200);
    }
}

#[tokio::test]
async fn an_admin_may_ask_why() {
    let bed = Plan { projects: 2, keys_per_project: 1, ..Plan::default() }.start().await;
    for stream in [false, true] {
        let request = chat("gemini-3.8-flash", "hello", stream);
        let asked = bed.post_with("/v1/chat/completions", &request, &[("x-pollux-decision", ADMIN)]).await;
        let why: Value = serde_json::from_str(asked.header("x-pollux-decision").unwrap()).unwrap();
        assert_eq!(why["candidates"].as_array().unwrap().len(), 2, "{why}");
        assert_eq!(why["chosen_by"]["strategy"], "headroom", "{why}");
        let user = bed.user_key.clone();
        for not_admin in ["", "1", &user] {
            let headers = [("x-pollux-decision", not_admin)];
            let asked = bed.post_with("/v1/chat/completions", &request, &headers).await;
            assert_eq!(asked.header("x-pollux-decision"), None);
        }
    }
}

#[tokio::test]
async fn a_project_has_no_more_calls_under_way_than_the_operator_allows() {
    let plan = Plan { projects: 2, keys_per_project: 1, ..Plan::default() };
    let bed = plan.set("POLLUX_PROJECT_CONCURRENCY", "1").start().await;
    let slow = chat("gemini-3.8-flash", "words:400", true);
    // Heads come with the first event, so both calls are under way and stay so.
    let first = bed.open(&slow, "silence-mid:3").await;
    let second = bed.open(&slow, "silence-mid:3").await;
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    assert_eq!(bed.chat("gemini-3.8-flash", "hello").await.verdict(), "429 rate_limit_exceeded");
    let used = bed.accepted().into_iter().filter(|(_, count)| *count == 1).count();
    assert_eq!(used, 2, "one call each");
}
