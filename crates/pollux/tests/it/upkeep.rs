//! What the gateway does by itself, and backups that serve again.

use hyper::Method;
use pollux::app;
use pollux::clock::Moment;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bed::{Bed, NOON, Plan, TO_TOMORROW, chat};

const MODEL: &str = "gemini-3.8-flash";

/// The path of a backup that was made just now.
async fn backup(bed: &Bed) -> std::path::PathBuf {
    let made = bed.admin(Method::POST, "/admin/backups", &Value::Null).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let listed = bed.admin(Method::GET, "/admin/backups", &Value::Null).await.json();
    bed.data.path().join("backups").join(listed["data"][0]["name"].as_str().unwrap())
}

#[tokio::test]
async fn a_backup_serves_in_a_fresh_place() {
    let bed = Plan::default().start().await;
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200);
    let path = backup(&bed).await;
    let name = path.file_name().unwrap().to_str().unwrap();
    let sent = bed.admin(Method::POST, &format!("/admin/backups/{name}/download"), &Value::Null).await;
    assert_eq!(sent.status, 200);
    assert_eq!(sent.header("content-length").unwrap(), path.metadata().unwrap().len().to_string());
    let outside = "/admin/backups/..%2Fpollux.db/download";
    assert_eq!(bed.admin(Method::POST, outside, &Value::Null).await.status, 404);

    // Elsewhere, with nothing but the backup and the master key.
    let user = format!("Bearer {}", bed.user_key);
    let fresh = TempDir::new().unwrap();
    let settings =
        [("POLLUX_DATA_DIR", fresh.path().display().to_string()), ("GEMINI_API_KEYS", String::new())];
    let bed = bed
        .move_to(&settings, async |config| {
            app::restore(config, &path, Some(Moment(NOON))).await.unwrap();
        })
        .await;
    let headers = [("authorization", user.as_str()), ("content-type", "application/json")];
    let body = chat(MODEL, "hello", false).to_string();
    let served = bed.send(Method::POST, "/v1/chat/completions", &headers, body).await;
    assert_eq!(served.status, 200, "{}", served.body);
    let keys = bed.admin(Method::GET, "/admin/keys", &Value::Null).await.json();
    assert_eq!(keys["data"].as_array().unwrap().len(), 12);
    bed.stop().await;
}

#[tokio::test]
async fn a_restore_says_why_it_refuses() {
    let bed = Plan::default().start().await;
    let path = backup(&bed).await;
    let data = bed.data.path().display().to_string();
    let refusal = async |settings: &[(&str, &str)]| {
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let environment = settings.collect::<pollux::config::Environment>();
        let config = pollux::config::load(&pollux::config::Flags::default(), &environment).unwrap();
        format!("{:#}", app::restore(&config, &path, Some(Moment(NOON))).await.unwrap_err())
    };
    let master = ("POLLUX_MASTER_KEY", "the master key of the test bed, long enough");
    let running = refusal(&[("POLLUX_DATA_DIR", &data), master]).await;
    assert!(running.contains("is in use; stop the gateway first"), "{running}");

    let fresh = TempDir::new().unwrap();
    let elsewhere = fresh.path().display().to_string();
    let keyless = refusal(&[("POLLUX_DATA_DIR", &elsewhere)]).await;
    assert!(keyless.contains("there is no master key"), "{keyless}");
    let other = ("POLLUX_MASTER_KEY", "another master key, also long enough");
    let wrong = refusal(&[("POLLUX_DATA_DIR", &elsewhere), other]).await;
    assert!(wrong.contains("not the one this backup was made with"), "{wrong}");

    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let flipped = refusal(&[("POLLUX_DATA_DIR", &elsewhere), master]).await;
    assert!(flipped.contains("its checksum does not fit"), "{flipped}");
    std::fs::write(&path, &bytes[..middle]).unwrap();
    let cut = refusal(&[("POLLUX_DATA_DIR", &elsewhere), master]).await;
    assert!(cut.contains("its end is missing"), "{cut}");
    let listed = bed.admin(Method::GET, "/admin/backups", &Value::Null).await.json();
    assert_eq!(listed["data"][0]["readable"], false);
    assert!(!fresh.path().join("pollux.db").exists());
    bed.stop().await;
}

#[tokio::test]
async fn operators_see_jobs_and_start_them() {
    let bed = Plan::default().set("POLLUX_BACKUP_EVERY", "off").start().await;
    let jobs = bed.admin(Method::GET, "/admin/jobs", &Value::Null).await.json();
    let job = |name: &str| {
        let jobs = jobs["data"].as_array().unwrap();
        jobs.iter().find(|job| job["name"] == name).unwrap().clone()
    };
    assert_eq!(job("backup")["next"], Value::Null);
    assert_eq!((&job("clean-up")["every_seconds"], &job("clean-up")["last"]), (&json!(3_600), &Value::Null));

    let ran = bed.admin(Method::POST, "/admin/jobs/clean-up/run", &Value::Null).await;
    assert_eq!(ran.status, 200, "{}", ran.body);
    let ran = ran.json();
    assert_eq!((&ran["runs"], &ran["last"]["cause"]), (&json!(1), &json!("operator")));
    assert_eq!(
        ran["last"]["said"],
        "forgot 0 calls, what was said in 0, 0 usage events, 0 turns of keys and 0 resources that have expired"
    );
    assert_eq!(bed.admin(Method::POST, "/admin/jobs/none/run", &Value::Null).await.status, 404);
    bed.stop().await;
}

#[tokio::test]
async fn a_pool_that_cannot_serve_is_an_alert_until_it_can() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.start().await;
    let look = async || {
        let ran = bed.admin(Method::POST, "/admin/jobs/alerts/run", &Value::Null).await;
        assert_eq!(ran.status, 200, "{}", ran.body);
        bed.admin(Method::GET, "/admin/alerts", &Value::Null).await.json()
    };
    assert_eq!(look().await["open"], json!([]));
    assert_eq!(
        bed.post_with(
            "/v1/chat/completions",
            &chat("gemini-3.8-flash", "hi", false),
            &[("x-sim-fault", "401")]
        )
        .await
        .status,
        503
    );
    let alerts = look().await;
    assert_eq!(alerts["open"][0]["rule"], "pool_share", "{alerts:#}");
    assert!(
        alerts["open"][0]["message"].as_str().unwrap().starts_with("Only 0 of 1 keys can serve now"),
        "{alerts:#}"
    );
    bed.advance(TO_TOMORROW);
    assert_eq!(bed.chat("gemini-3.8-flash", "hi").await.status, 200);
    let alerts = look().await;
    assert_eq!(
        (&alerts["open"], &alerts["resolved"][0]["rule"]),
        (&json!([]), &json!("pool_share")),
        "{alerts:#}"
    );
    let tested = bed.admin(Method::POST, "/admin/alerts/test", &Value::Null).await;
    assert_eq!((tested.status, &tested.json()["data"]), (200, &json!([])));
    bed.stop().await;
}
