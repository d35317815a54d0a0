//! The gateway on PostgreSQL.

use std::sync::Arc;

use hyper::Method;
use pollux::clock::{ManualClock, Moment};
use pollux::store::TableSum;
use pollux::{app, config};
use serde_json::{Value, json};

use crate::bed::{Bed, NOON, Plan, chat};
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

/// A gateway that moves to PostgreSQL and back has everything it had, users, keys and what was used.
#[tokio::test]
async fn a_gateway_moves_to_it_and_back() {
    let Some(database) = servers::postgres().await else { return };
    let plan = Plan::default().set("POLLUX_USER_KEYS", format!("Ann={USER_KEY}"));
    let bed = plan.start().await;
    assert_eq!((ask(&bed).await, ask(&bed).await), (200, 200));
    let sums = async |bed: &Bed| {
        let said = bed.admin(Method::GET, "/admin/requests", &Value::Null).await.json();
        let users = bed.admin(Method::GET, "/admin/users", &Value::Null).await.json();
        let keys = bed.admin(Method::GET, "/admin/keys", &Value::Null).await.json();
        [said, users, keys].map(|list| list["data"].as_array().unwrap().len())
    };
    let before = sums(&bed).await;
    let to = database.clone();
    let bed = bed
        .move_to(&[("DATABASE_URL", database)], async |config| {
            let from = config::Database::InDataDir;
            let here = config::Config { database_url: from, ..config.clone() };
            let dry = app::migrate(&here, None, clock()).await.unwrap();
            let moved = app::migrate(&here, Some(config.database_url.clone()), clock()).await.unwrap();
            assert!(!format!("{moved:?}").contains(to.split(':').nth(2).unwrap().split('@').next().unwrap()));
            let total = |tables: &[TableSum]| tables.iter().map(|table| table.rows).sum::<u64>();
            assert!(total(&dry.tables) > 10 && dry.to.is_none());
            assert_eq!(moved.tables, dry.tables);
        })
        .await;
    let mut expected = before;
    // Each start of a test bed makes a user of its own.
    expected[1] += 1;
    assert_eq!(sums(&bed).await, expected);
    assert_eq!(ask(&bed).await, 200);

    let back = bed.data.path().join("back.db");
    let path = config::Database::Sqlite(back.clone());
    let bed = bed
        .move_to(&[], async |config| {
            let moved = app::migrate(config, Some(path), clock()).await.unwrap();
            let again =
                config::Config { database_url: config::Database::Sqlite(back.clone()), ..config.clone() };
            assert_eq!(app::migrate(&again, None, clock()).await.unwrap().tables, moved.tables);
        })
        .await;
    bed.stop().await;
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Moment(NOON)))
}
