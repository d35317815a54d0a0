//! The models that may be asked for.

use serde_json::{Value, json};

use super::House;

#[tokio::test]
async fn models_are_told_with_what_they_can_and_whether_they_are_on() {
    let house = House::open().await;
    let off = json!({ "models": { "gemini-2.5-pro": { "enabled": false } } }).to_string();
    let reply = house.send(&http::Method::PATCH, "/admin/settings", Some(super::TOKEN), off).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let listed = house.get("/admin/catalog").await.json();
    let model = |id: &str| -> Value {
        listed["data"].as_array().unwrap().iter().find(|one| one["id"] == id).cloned().unwrap_or_default()
    };
    assert_eq!(
        (&model("gemini-2.5-pro")["enabled"], &model("gemini-3.7-flash")["enabled"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&model("gemini-3.8-flash")["thinking"], &model("gemini-2.5-flash")["thinking"]),
        (&json!("level"), &json!("budget"))
    );
    let alias = model("gemini-flash-latest");
    assert_ne!(alias["answered_by"], alias["id"], "{alias}");
    assert!(model("gemini-3.8-flash")["input_limit"].as_u64().unwrap() > 100_000);
}
