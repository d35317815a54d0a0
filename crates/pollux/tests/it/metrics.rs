//! `GET /metrics` as Prometheus and scripts read it.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan};

const MODEL: &str = "gemini-2.5-flash";

/// Series by name and labels.
fn series(page: &str) -> BTreeMap<&str, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name, value.parse().unwrap())
        })
        .collect()
}

async fn used() -> Bed {
    let bed = Plan::default().limits(Some(10), Some(100)).start().await;
    bed.chat(MODEL, "hello").await;
    bed.stream(MODEL, "hello", "429-minute").await;
    bed.stream(MODEL, "hello", "403-suspended").await;
    bed.chat("gemini-9-odd", "hello").await;
    bed.send(Method::GET, "/nowhere", &[], "").await;
    bed
}

#[tokio::test]
async fn prometheus_reads_what_happened() {
    let bed = used().await;
    let reply = bed.metrics("text/plain;version=0.0.4;q=0.5,*/*;q=0.1").await;
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(reply.header("vary"), Some("accept"));
    let page = &reply.body;
    let series = series(page);
    let at_least = [
        (r#"pollux_calls_total{surface="openai.chat",model="gemini-2.5-flash",outcome="answered"}"#, 3.0),
        (r#"pollux_call_duration_seconds_count{surface="openai.chat",model="gemini-2.5-flash"}"#, 3.0),
        (r#"pollux_first_event_seconds_count{surface="openai.chat",model="gemini-2.5-flash"}"#, 3.0),
        (r#"pollux_overhead_seconds_count{surface="openai.chat"}"#, 3.0),
        (r#"pollux_tokens_total{model="gemini-2.5-flash",kind="input"}"#, 3.0),
        (r#"pollux_cost_microdollars_total{model="gemini-2.5-flash"}"#, 1.0),
        (r#"pollux_attempts_total{outcome="ok"}"#, 3.0),
        (r#"pollux_retries_total{cause="quota_exhausted"}"#, 1.0),
        (r#"pollux_http_requests_total{part="console",status="4xx"}"#, 1.0),
        (r#"pollux_keys{state="ready"}"#, 1.0),
        (r#"pollux_keys{state="dead"}"#, 1.0),
        (r#"pollux_headroom_ratio{model="gemini-2.5-flash",window="minute"}"#, 0.0),
        (r#"pollux_upstream_connects_total{result="opened"}"#, 1.0),
        ("pollux_upstream_connections", 1.0),
        (r#"pollux_egress_up{egress="direct"}"#, 1.0),
        ("pollux_store_up", 1.0),
        (r#"pollux_store_seconds_count{operation="ping"}"#, 0.0),
        ("process_resident_memory_bytes", 1.0),
        ("pollux_uptime_seconds", 0.0),
    ];
    for (name, least) in at_least {
        assert!(series.get(name).is_some_and(|value| *value >= least), "{name}\n{page}");
    }
    assert!(page.contains("pollux_metrics_series_refused_total 0\n"), "{page}");
    let keys: f64 =
        series.iter().filter(|(name, _)| name.starts_with("pollux_keys{")).map(|(_, count)| count).sum();
    assert!((keys - 12.0).abs() < 0.5, "{keys}");
    bed.stop().await;
}

#[tokio::test]
async fn open_metrics_has_its_own_words() {
    let bed = used().await;
    let reply = bed.metrics("application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(reply.body.ends_with("# EOF\n"));
    assert!(reply.body.contains("# TYPE pollux_calls counter\npollux_calls_total{"), "{}", reply.body);
    bed.stop().await;
}

#[tokio::test]
async fn scripts_get_json_and_nobody_gets_anything_without_the_token() {
    let bed = used().await;
    let reply = bed.metrics("*/*").await;
    let told: Vec<String> = reply.json().as_object().unwrap().keys().cloned().collect();
    let fields = [
        "memory_usage_mb",
        "cpu_percent",
        "active_connections",
        "uptime_seconds",
        "requests_count",
        "database_size_mb",
    ];
    assert_eq!(told, fields);
    assert!(reply.json()["database_size_mb"].as_f64().unwrap() > 0.0);
    for headers in [vec![], vec![("authorization", format!("Bearer {}", bed.user_key))]] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(bed.send(Method::GET, "/metrics", &headers, "").await.status, 401);
    }
    bed.stop().await;
}

#[tokio::test]
async fn no_page_names_a_user_a_project_or_a_key_or_grows_with_what_clients_make_up() {
    let bed = used().await;
    // Reading the page is a request too.
    bed.metrics("text/plain").await;
    let before = series(&bed.metrics("text/plain").await.body).len();
    for number in 0..20 {
        bed.chat(&format!("gemini-9-odd-{number}"), "hello").await;
        bed.send(Method::GET, &format!("/made-up-{number}"), &[], "").await;
    }
    let page = bed.metrics("text/plain").await.body;
    assert!(series(&page).len() <= before, "{page}");
    let mut names = vec!["odd".to_owned(), "made-up".to_owned(), "Bed".to_owned()];
    for list in ["/admin/keys", "/admin/projects", "/admin/users"] {
        let rows = bed.admin(Method::GET, list, &Value::Null).await.json();
        names.extend(
            rows["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
    }
    assert!(names.len() > 10, "{}", json!(names));
    for name in names {
        assert!(!page.contains(&name), "{name}\n{page}");
    }
    bed.stop().await;
}
