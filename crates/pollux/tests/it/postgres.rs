//! The gateway on PostgreSQL.

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan, chat};
use crate::servers;

const MODEL: &str = "gemini-3.8-flash";
const USER_KEY: &str = "sk-pollux-on-postgres-0123456789";

async fn ask(bed: &Bed) -> u16 {
    let bearer = format!("Bearer {USER_KEY}");
    let body = chat(MODEL, "hello", false).to_string();
    bed.send(Method::POST, "/v1/chat/completions", &[("authorization", &bearer)], body).await.status
}

#[tokio::test]
async fn everything_that_lasts_is_in_it() {
    let Some(database) = servers::postgres().await else { return };
    let plan = Plan::default().set("DATABASE_URL", database.clone());
    let bed = plan.set("POLLUX_USER_KEYS", format!("Ann={USER_KEY}")).start().await;
    let users = bed.admin(Method::GET, "/admin/users", &Value::Null).await.json();
    let ann = users["data"].as_array().unwrap().iter().find(|user| user["name"] == "Ann").unwrap();
    let path = format!("/admin/users/{}", ann["id"].as_str().unwrap());
    let limits = json!({"limits": {"rpd": 3}});
    assert_eq!(bed.admin(Method::PATCH, &path, &limits).await.status, 200);
    assert_eq!((ask(&bed).await, ask(&bed).await), (200, 200));
    assert!(!bed.data.path().join("pollux.db").exists(), "a SQLite file beside PostgreSQL");

    // Keys, users, what was used and the log of calls are there after a restart.
    let bed = bed.restart().await;
    assert_eq!((ask(&bed).await, ask(&bed).await), (200, 429));
    let calls = bed.admin(Method::GET, "/admin/requests", &Value::Null).await.json();
    let mut outcomes: Vec<&str> =
        calls["data"].as_array().unwrap().iter().map(|call| call["outcome"].as_str().unwrap()).collect();
    // All began in the same millisecond, so their order is that of their ids.
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["answered", "answered", "answered", "limited"]);

    // Backups are PostgreSQL's own business, and the password is nobody's.
    let backups = bed.admin(Method::GET, "/admin/backups", &Value::Null).await;
    assert_eq!(backups.status, 409, "{}", backups.body);
    let password = database.split(':').nth(2).and_then(|rest| rest.split('@').next()).unwrap();
    for path in ["/debug/info", "/admin/settings", "/status"] {
        let shown = bed.admin(Method::GET, path, &Value::Null).await;
        assert!(!shown.body.contains(password), "{path}");
    }
    bed.stop().await;
}
