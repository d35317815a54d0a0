//! Who goes first: strategies, priorities, declared limits and the pacing of the day, in the real program.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use simulator::{LimitOverride, Limits, Options};

use crate::bed::{Bed, Plan};

const MODEL: &str = "gemini-3.8-flash";

/// Calls that each project answered.
fn served(bed: &Bed) -> Vec<u64> {
    bed.accepted().into_iter().map(|(_, count)| count).collect()
}

async fn call(bed: &Bed, times: u32) {
    for call in 0..times {
        let reply = bed.chat(MODEL, "hello").await;
        assert_eq!(reply.status, 200, "call {call}: {}", reply.body);
    }
}

/// Ids of projects, in the order of their labels.
async fn ids(bed: &Bed) -> Vec<String> {
    let listed = bed.admin(Method::GET, "/admin/projects", &Value::Null).await.json();
    let mut rows: Vec<_> = listed["data"].as_array().unwrap().clone();
    rows.sort_by_key(|row| row["label"].as_str().unwrap().to_owned());
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

async fn change(bed: &Bed, id: &str, body: Value) {
    let reply = bed.admin(Method::PATCH, &format!("/admin/projects/{id}"), &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

fn plan(projects: u32) -> Plan {
    Plan { projects, keys_per_project: 1, ..Plan::default() }
}

/// One project after the other, for Google's implicit caching.
#[tokio::test]
async fn fill_first_fills_one_project_before_the_next() {
    let bed = plan(3).limits(Some(10), None).set("POLLUX_STRATEGY", "fill_first").start().await;
    call(&bed, 10).await;
    let first = served(&bed).iter().position(|count| *count == 10);
    let first = first.unwrap_or_else(|| panic!("{:?}", served(&bed)));
    call(&bed, 10).await;
    let mut counts = served(&bed);
    counts.sort_unstable();
    assert_eq!(counts, [0, 10, 10]);
    // The limit was learned; when its minute has passed, the first project is asked first again.
    bed.advance(Duration::from_mins(3));
    let before = served(&bed)[first];
    call(&bed, 10).await;
    assert_eq!(served(&bed)[first], before + 10);
}

/// The project with five times the quota gets five times the calls once both limits are known.
#[tokio::test]
async fn headroom_follows_the_share_that_is_left() {
    let of = |project, rpm| LimitOverride {
        model: "*".to_owned(),
        project: Some(project),
        limits: Limits { rpm: Some(rpm), tpm: None, rpd: None },
    };
    let simulator = Options { limits: vec![of(0, 10), of(1, 50)], ..Options::default() };
    let bed = Plan { simulator, ..plan(2) }.start().await;
    // Far away, so that the minute is what counts.
    bed.admin(Method::PUT, &format!("/admin/limits/{MODEL}"), &json!({ "rpd": 1_000_000 })).await;
    // Both limits are hit once, and with that they are known.
    while bed.chat(MODEL, "hello").await.status == 200 {}
    bed.advance(Duration::from_mins(3));
    let before = served(&bed);
    for asked in [12, 24, 36, 48] {
        call(&bed, 12).await;
        let gained: Vec<u64> = served(&bed).iter().zip(&before).map(|(now, then)| now - then).collect();
        assert_eq!(gained[0] + gained[1], asked);
        let fair = asked / 6;
        assert!(
            gained[0].abs_diff(fair) <= 1,
            "after {asked} calls {gained:?}, not about {fair} on the small one"
        );
    }
}

#[tokio::test]
async fn priorities_put_free_before_paid_or_paid_before_free() {
    for (free, paid, expected) in [(5, 0, [4, 0]), (0, 5, [0, 4])] {
        let bed = plan(2).start().await;
        let ids = ids(&bed).await;
        change(&bed, &ids[0], json!({ "tier": "free", "priority": free })).await;
        change(&bed, &ids[1], json!({ "tier": "paid", "priority": paid })).await;
        call(&bed, 4).await;
        assert_eq!(served(&bed), expected);
        // Without room the other one steps in.
        let first = usize::from(paid > free);
        change(&bed, &ids[first], json!({ "enabled": false })).await;
        call(&bed, 4).await;
        assert_eq!(served(&bed), [4, 4]);
    }
}

#[tokio::test]
async fn weights_share_the_calls() {
    let bed = plan(2).set("POLLUX_STRATEGY", "round_robin").start().await;
    change(&bed, &ids(&bed).await[0], json!({ "weight": 3 })).await;
    call(&bed, 40).await;
    assert_eq!(served(&bed), [30, 10]);
}

/// What is declared holds before Google has said a word.
#[tokio::test]
async fn a_declared_limit_is_never_tried_out() {
    let bed = plan(2).limits(Some(4), None).start().await;
    let ids = ids(&bed).await;
    let everywhere = format!("/admin/limits/{MODEL}");
    assert_eq!(bed.admin(Method::PUT, &everywhere, &json!({ "rpm": 4 })).await.status, 200);
    let own = format!("/admin/projects/{}/limits/{MODEL}", ids[1]);
    assert_eq!(bed.admin(Method::PUT, &own, &json!({ "rpm": 0 })).await.status, 200);
    call(&bed, 4).await;
    assert_eq!(bed.chat(MODEL, "hello").await.verdict(), "429 rate_limit_exceeded");
    assert_eq!(served(&bed), [4, 0]);
    assert_eq!(bed.admin(Method::DELETE, &own, &Value::Null).await.status, 204);
    call(&bed, 4).await;
    assert_eq!(bed.chat(MODEL, "hello").await.verdict(), "429 rate_limit_exceeded");
    assert_eq!(served(&bed), [4, 4]);
    let asked = bed.simulator.state()["recent"].as_array().unwrap().len();
    assert_eq!(asked, 8, "no call went out in vain");
}

#[tokio::test]
async fn a_paced_day_is_not_eaten_by_one_user() {
    let bed = plan(1).set("POLLUX_DAILY_PACING", "on").start().await;
    bed.admin(Method::PUT, &format!("/admin/limits/{MODEL}"), &json!({ "rpd": 40 })).await;
    let other = bed.admin(Method::POST, "/admin/users", &json!({ "name": "Ben" })).await.json();
    let mut greedy = 0;
    let refused = loop {
        let reply = bed.chat(MODEL, "hello").await;
        if reply.status != 200 {
            break reply;
        }
        greedy += 1;
    };
    // Half of the day is over, so of the other user's half of the quota the half is lent out.
    assert!((29..=31).contains(&greedy), "{greedy}");
    assert_eq!(refused.verdict(), "429 rate_limit_exceeded");
    assert!(refused.body.contains("your share of this model's day"), "{}", refused.body);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    // One of the other's twenty is lent for each twentieth of the day.
    assert!((4_300..=4_330).contains(&wait), "{wait}");
    bed.advance(Duration::from_secs(wait));
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200);
    let bearer = format!("Bearer {}", other["key"].as_str().unwrap());
    let body = crate::bed::chat(MODEL, "hello", false).to_string();
    for _ in 0..9 {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let reply = bed.send(Method::POST, "/v1/chat/completions", &headers, body.clone()).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    // All forty are answered now, and that is what is said.
    bed.advance(Duration::from_mins(1));
    assert_eq!(bed.chat(MODEL, "hello").await.verdict(), "429 insufficient_quota");
}
