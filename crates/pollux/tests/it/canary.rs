//! No key material in any output, log line, trace, metric, panic or database file.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use hyper::Method;
use pollux::telemetry;
use serde_json::{Value, json};
use tracing_subscriber::util::SubscriberInitExt;

use crate::bed::{Bed, Plan};
use crate::collector::Collector;

const MODEL: &str = "gemini-3.8-flash";

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Does what operators and clients do, with everything going wrong that can; gives all that was answered.
async fn exercise(bed: &Bed) -> String {
    let faults = [
        "403-suspended",
        "400-key-invalid",
        "429-day",
        "503",
        "error-mid:2",
        "eof-early",
        "reset-before",
        "400-bare",
    ];
    let mut said = String::new();
    for fault in faults {
        said += &bed.stream(MODEL, "hello", fault).await.body;
    }
    // Every key refused in the way that prints the key.
    bed.script(json!({ "rules": [{ "fault": "403-suspended" }] }));
    said += &bed.chat(MODEL, "hello").await.body;
    let pasted = format!("{} {}", bed.keys[0][0], bed.keys[1][0]);
    said += &bed.admin(Method::POST, "/admin/config/gemini-key", &json!({ "key": pasted })).await.body;
    for path in ["/admin/keys", "/admin/users", "/admin/pool", "/admin/keys/gemini", "/admin/keys/user"] {
        said += &bed.admin(Method::GET, path, &Value::Null).await.body;
    }
    let keys = bed.admin(Method::GET, "/admin/keys", &Value::Null).await.json();
    for key in keys["data"].as_array().unwrap() {
        let id = key["id"].as_str().unwrap();
        said += &bed.admin(Method::POST, &format!("/admin/keys/{id}/check"), &Value::Null).await.body;
    }
    // A copy of everything, which stays in the data directory.
    let backup = bed.admin(Method::POST, "/admin/backups", &Value::Null).await;
    assert_eq!(backup.status, 201, "{}", backup.body);
    said += &backup.body;
    for path in ["/admin/backups", "/admin/jobs"] {
        said += &bed.admin(Method::GET, path, &Value::Null).await.body;
    }
    said + &bed.send(Method::GET, &format!("/v1/models?key={}", bed.keys[0][0]), &[], "").await.body
}

/// Everything that is measured, in each format.
async fn measured(bed: &Bed) -> String {
    let mut said = String::new();
    for accept in ["text/plain", "application/openmetrics-text", "application/json"] {
        said += &bed.metrics(accept).await.body;
    }
    said
}

fn files(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        all.extend(if path.is_dir() { files(&path) } else { std::fs::read(&path).unwrap() });
    }
    all
}

#[tokio::test]
async fn no_secret_leaves_the_gateway() {
    let log = Log::default();
    let writer = log.clone();
    let settings = telemetry::Settings { filter: "trace".to_owned(), ..telemetry::Settings::default() };
    telemetry::subscriber(&settings, move || writer.clone()).unwrap().init();
    telemetry::log_panics();

    let mut collector = Collector::start().await;
    let plan = collector.asked_by(Plan::default()).set("POLLUX_TRUST_TRACEPARENT", "on");
    let bed = plan.start().await;
    let mut said = exercise(&bed).await;
    said += &measured(&bed).await;
    for key in [&bed.keys[0][0], &bed.user_key] {
        let crash = std::panic::catch_unwind(|| panic!("with {key} in hand"));
        assert!(crash.is_err());
    }
    let mut canaries: Vec<String> = bed.keys.iter().flatten().cloned().collect();
    canaries.push(bed.user_key.clone());
    let mut traced = Vec::new();
    // Eight streams and a whole answer.
    while String::from_utf8_lossy(&traced).matches("POST /v1/chat/completions").count() < 9 {
        traced.extend(collector.next().await.body);
    }
    let data = bed.stop().await;

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    let stored = files(data.path());
    assert!(logged.contains("in hand") && logged.contains("call ended"), "panics and calls are logged");
    assert!(
        logged.len() > 10_000 && stored.len() > 10_000 && said.len() > 1_000,
        "there is something to look at"
    );
    for canary in &canaries {
        let hint = &canary[..8];
        assert!(!said.contains(canary), "{hint}… in an answer");
        assert!(!logged.contains(canary), "{hint}… in the log");
        assert!(!contains(&traced, canary.as_bytes()), "{hint}… in a trace");
        assert!(!contains(&stored, canary.as_bytes()), "{hint}… in the data directory");
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
