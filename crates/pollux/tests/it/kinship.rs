//! Keys of one project that nobody declared as such: they are noticed, shown, and moved by hand.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};

const MODEL: &str = "gemini-3.8-flash";

async fn unlabelled(rpm: Option<u64>, rpd: Option<u64>) -> Bed {
    let plan = Plan { projects: 1, keys_per_project: 2, labelled: false, ..Plan::default() };
    plan.limits(rpm, rpd).start().await
}

async fn suggestions(bed: &Bed) -> Vec<Value> {
    let reply = bed.admin(Method::GET, "/admin/projects/suggestions", &Value::Null).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()["data"].as_array().unwrap().clone()
}

async fn keys(bed: &Bed) -> Vec<Value> {
    let page = bed.admin(Method::GET, "/admin/keys", &Value::Null).await.json();
    page["data"].as_array().unwrap().clone()
}

async fn move_all(bed: &Bed, label: &str) {
    for key in keys(bed).await {
        let path = format!("/admin/keys/{}/move", key["id"].as_str().unwrap());
        let moved = bed.admin(Method::POST, &path, &json!({ "project": label })).await;
        assert_eq!(moved.status, 200, "{}", moved.body);
    }
}

#[tokio::test]
async fn keys_that_meet_a_limit_together_are_suggested_and_share_it_once_moved() {
    let bed = unlabelled(Some(6), None).await;
    for _ in 0..6 {
        assert_eq!(bed.chat(MODEL, "hello").await.status, 200);
    }
    assert_eq!(bed.chat(MODEL, "hello").await.status, 429);
    assert!(suggestions(&bed).await.is_empty(), "too soon to tell");
    bed.advance(Duration::from_secs(90));
    let found = suggestions(&bed).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0]["sign"].as_str(), found[0]["times"].as_u64()), (Some("met_together"), Some(1)));
    assert_eq!(
        (found[0]["confidence"].as_str(), found[0]["keys"].as_array().unwrap().len()),
        (Some("possible"), 2)
    );
    let before = keys(&bed).await;
    assert_ne!(before[0]["project_id"], before[1]["project_id"], "nothing is merged by itself");

    move_all(&bed, "home").await;
    assert!(suggestions(&bed).await.is_empty());
    let after = keys(&bed).await;
    assert_eq!(after[0]["project_id"], after[1]["project_id"]);
    // One bucket now: the pool learns its limit once, and asks no second key for what is used up.
    for round in 0..2 {
        for _ in 0..6 {
            assert_eq!(bed.chat(MODEL, "hello").await.status, 200, "round {round}");
        }
        assert_eq!(bed.chat(MODEL, "hello").await.status, 429);
        bed.advance(Duration::from_secs(90));
    }
    let bed = bed.restart().await;
    let kept = keys(&bed).await;
    assert_eq!(
        (&kept[0]["project_id"], &kept[1]["project_id"]),
        (&after[0]["project_id"], &after[0]["project_id"])
    );
}

#[tokio::test]
async fn keys_whose_errors_name_one_project_are_suggested_for_certain() {
    let bed = unlabelled(None, None).await;
    bed.script(json!({ "keys": { "p0k0": "suspended", "p0k1": "suspended" } }));
    bed.chat(MODEL, "hello").await;
    bed.chat(MODEL, "hello").await;
    let found = suggestions(&bed).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0]["sign"].as_str(), found[0]["confidence"].as_str()),
        (Some("same_number"), Some("certain"))
    );
    move_all(&bed, "home").await;
    assert!(suggestions(&bed).await.is_empty());
}

#[tokio::test]
async fn a_move_needs_a_key_and_a_project() {
    let bed = unlabelled(None, None).await;
    let id = keys(&bed).await[0]["id"].as_str().unwrap().to_owned();
    for (path, body, expected) in [
        (format!("/admin/keys/{id}/move"), json!({}), 422),
        (format!("/admin/keys/{id}/move"), json!({ "project": " " }), 422),
        (format!("/admin/keys/{id}/move"), json!({ "project": "a\u{7}b" }), 422),
        ("/admin/keys/key_00000000000000000000/move".to_owned(), json!({ "project": "home" }), 404),
    ] {
        assert_eq!(bed.admin(Method::POST, &path, &body).await.status, expected, "{path} {body}");
    }
}
