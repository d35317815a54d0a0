//! What a gateway still knows after it was started again.

use hyper::Method;
use serde_json::Value;

use crate::bed::{Bed, Plan, TO_TOMORROW};

const MODEL: &str = "gemini-3.8-flash";

/// Calls that the simulator refused, over all keys.
fn refused(bed: &Bed) -> u64 {
    let state = bed.simulator.state();
    let keys = state["keys"].as_object().unwrap();
    let of_key =
        |key: &Value| key["rejected"].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>();
    keys.values().map(of_key).sum()
}

async fn used_today(bed: &Bed) -> Vec<u64> {
    let pool = bed.admin(Method::GET, "/admin/pool", &Value::Null).await.json();
    let buckets = pool["models"][0]["buckets"].as_array().unwrap();
    let mut used: Vec<u64> = buckets.iter().map(|bucket| bucket["rpd"]["used"].as_u64().unwrap()).collect();
    // The pool lists projects as they came; a restart may read them in another order.
    used.sort_unstable();
    used
}

async fn serves(bed: &Bed, calls: usize) {
    for call in 0..calls {
        assert_eq!(bed.chat(MODEL, "hello").await.status, 200, "call {call}");
    }
}

#[tokio::test]
async fn what_a_day_has_taken_survives_a_restart() {
    let bed =
        Plan { projects: 2, keys_per_project: 1, ..Plan::default() }.limits(None, Some(4)).start().await;
    // The first day teaches both limits.
    serves(&bed, 8).await;
    assert_eq!(bed.chat(MODEL, "hello").await.verdict(), "429 insufficient_quota");
    let lessons = refused(&bed);
    bed.advance(TO_TOMORROW);

    serves(&bed, 5).await;
    let before = used_today(&bed).await;
    assert_eq!(before.iter().sum::<u64>(), 5);
    let bed = bed.restart().await;
    assert_eq!(used_today(&bed).await, before);
    serves(&bed, 1).await;
    let bed = bed.restart().await;
    serves(&bed, 2).await;
    assert_eq!(bed.chat(MODEL, "hello").await.verdict(), "429 insufficient_quota");
    assert_eq!(refused(&bed), lessons, "Google was asked for what was known to be gone");

    // Tomorrow is another day.
    bed.advance(TO_TOMORROW + TO_TOMORROW);
    let bed = bed.restart().await;
    serves(&bed, 8).await;
    assert_eq!(refused(&bed), lessons);
}
