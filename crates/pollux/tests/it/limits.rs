//! Users' limits and budgets, in the real program: whoever comes at once, and however calls end.

use std::time::Duration;

use futures_util::future::join_all;
use hyper::body::Incoming;
use hyper::{Method, Response};
use serde_json::{Value, json};

use crate::bed::{Bed, NOON, Plan, chat};
use crate::reply::Reply;

const MODEL: &str = "gemini-2.5-flash";

async fn the_user(bed: &Bed) -> String {
    let users = bed.admin(Method::GET, "/admin/users", &Value::Null).await.json();
    users["data"][0]["id"].as_str().unwrap().to_owned()
}

async fn limit(bed: &Bed, limits: Value) {
    let path = format!("/admin/users/{}", the_user(bed).await);
    let changed = bed.admin(Method::PATCH, &path, &json!({ "limits": null })).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = bed.admin(Method::PATCH, &path, &json!({ "limits": limits })).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

async fn usage(bed: &Bed) -> Value {
    let path = format!("/admin/users/{}", the_user(bed).await);
    bed.admin(Method::GET, &path, &Value::Null).await.json()["usage"].clone()
}

/// Waits until nothing is under way: a client that goes away is noticed a moment later.
async fn all_ended(bed: &Bed) -> Value {
    let ended = async {
        loop {
            let usage = usage(bed).await;
            if usage["concurrency"]["used"] == 0 {
                return usage;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap()
}

/// A call whose answer begins and then goes on for ever.
fn endless() -> Value {
    let mut body = chat(MODEL, "words:50", true);
    body["max_tokens"] = json!(200);
    body
}

async fn hold(bed: &Bed, calls: usize) -> Vec<Response<Incoming>> {
    let body = endless();
    join_all((0..calls).map(|_| bed.open(&body, "silence-mid:1"))).await
}

fn statuses(held: &[Response<Incoming>]) -> (usize, usize) {
    let of = |status: u16| held.iter().filter(|response| response.status().as_u16() == status).count();
    (of(200), of(429))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_calls_at_once_share_room_for_ten() {
    let bed = Plan::default().start().await;
    // What one such call reserves.
    let first = hold(&bed, 1).await;
    let one = usage(&bed).await;
    let (tokens, dollars) =
        (one["tokens_day"]["used"].as_u64().unwrap(), one["usd_day"]["used"].as_f64().unwrap());
    assert!(tokens > 200 && dollars > 0.0, "{one}");
    drop(first);
    for name in ["rpm", "rpd", "concurrency", "tpm", "tokens_day", "tokens_total", "usd_month", "usd_total"] {
        let used = all_ended(&bed).await[name]["used"].clone();
        let ten = match name {
            "rpm" | "rpd" => json!(used.as_u64().unwrap() + 10),
            "concurrency" => json!(10),
            _ if name.starts_with("usd") => json!(format!("{:.6}", used.as_f64().unwrap() + dollars * 10.5)),
            _ => json!(used.as_u64().unwrap() + tokens * 10 + tokens / 2),
        };
        limit(&bed, json!({ name: ten })).await;
        let held = hold(&bed, 200).await;
        assert_eq!(statuses(&held), (10, 190), "{name}: {ten}");
        drop(held);
        limit(&bed, json!({})).await;
    }
    bed.stop().await;
}

/// However the two hundred end, what is spent is never more than the budget, and is what the answers said.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_budget_is_spent_to_the_token_and_never_passed() {
    let bed = Plan::default().start().await;
    limit(&bed, json!({ "tokens_total": 3_000 })).await;
    let mut body = chat(MODEL, "hello", false);
    body["max_tokens"] = json!(200);
    let replies: Vec<Reply> = join_all((0..200).map(|_| bed.post("/v1/chat/completions", &body))).await;
    let told = replies.iter().filter(|reply| reply.status == 200);
    let told: u64 = told.map(|reply| reply.json()["usage"]["total_tokens"].as_u64().unwrap()).sum();
    assert!(replies.iter().all(|reply| reply.status == 200 || reply.status == 429));
    let used = all_ended(&bed).await["tokens_total"]["used"].as_u64().unwrap();
    assert_eq!(used, told);
    assert!(0 < used && used <= 3_000, "{used}");
    bed.stop().await;
}

fn rate_limit(reply: &Reply) -> Vec<String> {
    let told = reply.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-ratelimit"));
    let mut told: Vec<String> =
        told.map(|(name, value)| format!("{}: {}", &name.as_str()[12..], value.to_str().unwrap())).collect();
    told.sort();
    told
}

#[tokio::test]
async fn every_answer_says_how_the_user_stands() {
    let bed = Plan::default().start().await;
    let plain = bed.chat(MODEL, "hello").await;
    assert!(rate_limit(&plain).is_empty(), "nothing is limited: {:?}", plain.headers);
    limit(&bed, json!({ "rpm": 10, "rpd": 9, "tpm": 100_000 })).await;
    let body =
        json!({ "model": MODEL, "max_tokens": 100, "messages": [{ "role": "user", "content": "hello" }] });
    let whole = bed.post("/v1/chat/completions", &body).await;
    let told = rate_limit(&whole);
    assert_eq!(told[0], "limit-requests: 9");
    assert_eq!((told[1].as_str(), told[2].as_str()), ("limit-tokens: 100000", "remaining-requests: 7"));
    // Noon in Los Angeles is four hours before the day of UTC ends.
    assert_eq!((told[4].as_str(), told[5].as_str()), ("reset-requests: 4h0m0s", "reset-tokens: 1m0s"));
    let stream = bed.stream(MODEL, "hello", "").await;
    assert_eq!((stream.status, rate_limit(&stream)[2].as_str()), (200, "remaining-requests: 6"));
    // Refused by Google, by us before it was asked for, and for a body that is none.
    let bad = bed
        .post_with("/v1/chat/completions", &chat(MODEL, "hello", false), &[("x-sim-fault", "400-bare")])
        .await;
    assert_eq!((bad.status, rate_limit(&bad)[2].as_str()), (400, "remaining-requests: 5"));
    let unknown = bed.chat("gpt-4o", "hello").await;
    assert_eq!((unknown.status, rate_limit(&unknown)[2].as_str()), (404, "remaining-requests: 5"));
    for left in (0..5).rev() {
        let reply = bed.chat(MODEL, "hello").await;
        assert_eq!(rate_limit(&reply)[2], format!("remaining-requests: {left}"));
    }
    let refused = bed.chat(MODEL, "hello").await;
    assert_eq!((refused.status, rate_limit(&refused)[2].as_str()), (429, "remaining-requests: 0"));
    assert_eq!(
        (refused.header("retry-after"), refused.header("x-should-retry")),
        (Some("14400"), Some("false"))
    );
    insta::assert_snapshot!(refused.json()["error"], @r#"{"message":"You have reached your limit of 9 requests a day: 9 requests used, 1 request needed. Try again in 14400 s. Limit: `rpd`.","type":"requests","param":null,"code":"rate_limit_exceeded"}"#);
    bed.advance(Duration::from_hours(4));
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200);
    bed.stop().await;
}

#[tokio::test]
async fn a_call_that_got_no_answer_costs_nothing() {
    let plan = Plan { projects: 1, keys_per_project: 1, ..Plan::default() };
    let bed = plan.limits(Some(100), None).start().await;
    limit(&bed, json!({ "tokens_total": 100_000 })).await;
    let fault = |fault| [("x-sim-fault", fault)];
    let send = async |name: &'static str| {
        bed.post_with("/v1/chat/completions", &chat(MODEL, "hello", false), &fault(name)).await.status
    };
    assert_eq!(send("429-minute").await, 429);
    let usage = all_ended(&bed).await;
    assert_eq!(
        (&usage["tokens_total"]["used"], &usage["rpd"]["used"]),
        (&json!(0), &json!(0)),
        "the pool's fault"
    );
    bed.advance(Duration::from_mins(2));
    assert_eq!(send("400-bare").await, 400);
    let usage = all_ended(&bed).await;
    assert_eq!(
        (&usage["tokens_total"]["used"], &usage["rpd"]["used"]),
        (&json!(0), &json!(1)),
        "its own fault"
    );
    bed.stop().await;
}

#[tokio::test]
async fn budgets_say_whether_they_renew() {
    let bed = Plan::default().set("POLLUX_LIMITS_TIME_ZONE", "Asia/Shanghai").start().await;
    let ask = |most: u64| json!({ "model": MODEL, "max_tokens": most, "messages": [{ "role": "user", "content": "hello" }] });
    limit(&bed, json!({ "usd_month": 0.001 })).await;
    let large = bed.post("/v1/chat/completions", &ask(60_000)).await;
    assert_eq!(
        (large.status, large.header("retry-after"), large.header("x-should-retry")),
        (429, None, Some("false"))
    );
    let error = &large.json()["error"];
    assert!(
        error["message"].as_str().unwrap().contains("more than your whole budget of $0.001 a month"),
        "{error}"
    );
    assert_eq!(error["code"], "insufficient_quota");
    let mut last = bed.post("/v1/chat/completions", &ask(100)).await;
    for _ in 0..100 {
        if last.status == 429 {
            break;
        }
        last = bed.post("/v1/chat/completions", &ask(100)).await;
    }
    let error = &last.json()["error"];
    // The month of Shanghai ends sixteen hours into the last day of UTC's.
    assert!(error["message"].as_str().unwrap().contains("It renews at 2026-11-30T16:00:00Z."), "{error}");
    assert_eq!(
        (&error["code"], &error["type"]),
        (&json!("insufficient_quota"), &json!("insufficient_quota"))
    );
    let wait = (1_796_054_400_000 - NOON) / 1_000;
    assert_eq!(last.header("retry-after").unwrap().parse::<i64>().unwrap(), wait);
    limit(&bed, json!({ "tokens_total": 1 })).await;
    let over = bed.post("/v1/chat/completions", &ask(1)).await;
    assert_eq!((over.status, &over.json()["error"]["code"]), (429, &json!("insufficient_quota")));
    bed.stop().await;
}
