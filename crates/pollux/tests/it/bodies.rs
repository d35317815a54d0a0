//! What is said in calls is kept of whom it is wanted, in both forms, without keys, for as long as it is set.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};

const MODEL: &str = "gemini-3.8-flash";

async fn bed() -> Bed {
    Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.start().await
}

async fn user(bed: &Bed) -> String {
    let users = bed.admin(Method::GET, "/admin/users", &Value::Null).await.json();
    users["data"][0]["id"].as_str().unwrap().to_owned()
}

async fn keep(bed: &Bed, on: bool) {
    let path = format!("/admin/users/{}", user(bed).await);
    let changed = bed.admin(Method::PATCH, &path, &json!({ "log_bodies": on })).await.json();
    assert_eq!(changed["log_bodies"], on, "{changed}");
}

async fn calls(bed: &Bed) -> Vec<String> {
    let list = bed.admin(Method::GET, "/admin/requests", &Value::Null).await.json();
    list["data"].as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap().to_owned()).collect()
}

/// What was said in a call, once its writer has it.
async fn said(bed: &Bed, id: &str) -> Value {
    let read = async {
        loop {
            let path = format!("/admin/requests/{id}/bodies");
            let answer = bed.admin(Method::GET, &path, &Value::Null).await;
            if answer.status == 200 {
                return answer.json();
            }
            assert_eq!(answer.status, 404, "{}", answer.body);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap()
}

#[tokio::test]
async fn what_is_said_is_kept_of_whom_it_is_wanted() {
    let bed = bed().await;
    bed.chat(MODEL, "before it was wanted").await;
    keep(&bed, true).await;
    bed.advance(Duration::from_secs(1));
    let pasted = format!("is {} a key? <script>alert(1)</script>", bed.keys[0][0]);
    assert_eq!(bed.chat(MODEL, &pasted).await.status, 200);
    let [wanted, unwanted] = &calls(&bed).await[..] else { panic!("two calls") };
    let kept = said(&bed, wanted).await;
    assert_eq!(kept["request"]["model"], MODEL);
    assert_eq!(kept["request"]["messages"][0]["content"], "is *** a key? <script>alert(1)</script>");
    let asked = &kept["gemini_request"]["contents"][0]["parts"][0]["text"];
    assert_eq!(asked, "is *** a key? <script>alert(1)</script>", "{kept}");
    assert!(kept["gemini_response"]["candidates"][0]["content"]["parts"].is_array(), "{kept}");
    assert!(kept["response"]["choices"][0]["message"]["content"].is_string(), "{kept}");
    assert_eq!(kept["cut"], json!([]));
    assert!(!kept.to_string().contains(&bed.keys[0][0]), "{kept}");
    let path = format!("/admin/requests/{unwanted}/bodies");
    assert_eq!(bed.admin(Method::GET, &path, &Value::Null).await.status, 404);
    let audit =
        bed.admin(Method::GET, "/admin/audit?action=GET%20/admin/requests/{id}/bodies", &Value::Null).await;
    assert!(
        audit.json()["data"].as_array().unwrap().iter().any(|deed| deed["object"] == wanted.as_str()),
        "{}",
        audit.body
    );

    keep(&bed, false).await;
    bed.advance(Duration::from_secs(1));
    bed.chat(MODEL, "after it was wanted").await;
    let last = calls(&bed).await.remove(0);
    let path = format!("/admin/requests/{last}/bodies");
    assert_eq!(bed.admin(Method::GET, &path, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn streams_are_kept_as_they_went_and_forgotten_in_time() {
    let bed = bed().await;
    keep(&bed, true).await;
    bed.admin(Method::PATCH, "/admin/settings", &json!({ "bodies_max_kb": 1 })).await;
    bed.stream(MODEL, "words:50", "").await;
    let id = calls(&bed).await.remove(0);
    let kept = said(&bed, &id).await;
    let stream = kept["response"].as_str().unwrap();
    assert!(stream.starts_with("data: {") && stream.len() <= 1_024, "{kept}");
    assert!(kept["cut"].as_array().unwrap().contains(&json!("response")), "{kept}");

    bed.advance(Duration::from_hours(24 * 8));
    let ran = bed.admin(Method::POST, "/admin/jobs/clean-up/run", &Value::Null).await.json();
    let told = ran["last"]["said"].as_str().unwrap();
    assert!(told.starts_with("forgot 0 calls, what was said in 1,"), "{told}");
    let path = format!("/admin/requests/{id}/bodies");
    assert_eq!(bed.admin(Method::GET, &path, &Value::Null).await.status, 404);
}
