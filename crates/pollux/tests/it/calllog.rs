//! The call log: a line for each call that ended, and nothing in it that should not be.

use std::path::Path;
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::Value;

use crate::bed::{ADMIN, Bed, Plan, chat};

const MODEL: &str = "gemini-3.8-flash";

/// Stops the gateway and reads what it wrote.
async fn lines(bed: Bed, path: &Path) -> (Vec<Value>, String) {
    drop(bed.stop().await);
    let text = std::fs::read_to_string(path).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), text)
}

#[tokio::test]
async fn each_call_leaves_a_line_without_content_or_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    let plan = Plan { projects: 2, keys_per_project: 1, ..Plan::default() }.limits(Some(2), None);
    let bed = plan.set("POLLUX_CALL_LOG", path.display().to_string()).start().await;
    assert_eq!(bed.chat(MODEL, "the quick brown fox").await.status, 200);
    bed.advance(Duration::from_secs(3));
    assert_eq!(bed.stream(MODEL, "the quick brown fox", "").await.status, 200);
    // Four calls a minute: these two are answered, the third is not.
    assert_eq!(bed.chat(MODEL, "the quick brown fox").await.status, 200);
    assert_eq!(bed.chat(MODEL, "the quick brown fox").await.status, 200);
    assert_eq!(bed.chat(MODEL, "the quick brown fox").await.status, 429);
    let secrets: Vec<String> =
        bed.keys.iter().flatten().cloned().chain([bed.user_key.clone(), ADMIN.to_owned()]).collect();
    let (lines, text) = lines(bed, &path).await;

    let outcomes: Vec<_> = lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["answered", "answered", "answered", "answered", "busy"]);
    assert_eq!(lines[0]["at"], "2026-11-22T20:00:00Z");
    assert_eq!(lines[1]["at"], "2026-11-22T20:00:03Z");
    for line in &lines {
        let fields: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
        let expected =
            ["at", "user", "model", "input_tokens", "output_tokens", "ms", "project", "attempts", "outcome"];
        assert_eq!(fields, expected);
        assert_eq!(line["model"], MODEL);
        assert!(!line["user"].as_str().unwrap().is_empty());
        assert!(line["input_tokens"].as_u64().unwrap() > 0, "{line}");
        assert_eq!(line["output_tokens"].as_u64().unwrap() > 0, line["outcome"] == "answered", "{line}");
    }
    assert!(lines[..4].iter().all(|line| line["project"].is_string() && line["attempts"] != 0));
    assert!(!text.contains("quick brown"), "{text}");
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_cut_a_failover_and_a_client_that_goes_away_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    let bed = Plan::default().set("POLLUX_CALL_LOG", path.display().to_string()).start().await;
    bed.stream(MODEL, "hello", "eof-early").await;
    assert_eq!(bed.stream(MODEL, "hello", "429-minute").await.status, 200);
    let mut open = bed.open(&chat(MODEL, "words:400", true), "slow-chunks:20").await;
    open.frame().await.unwrap().unwrap();
    let aborted = || bed.simulator.state()["aborted_streams"].as_u64();
    let before = aborted();
    drop(open);
    let noticed = tokio::time::timeout(Duration::from_secs(10), async {
        while aborted() == before {
            tokio::task::yield_now().await;
        }
    });
    assert!(noticed.await.is_ok());
    let (lines, _) = lines(bed, &path).await;
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["outcome"].as_str().unwrap(), line["attempts"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("cut", 1), ("answered", 2), ("dropped", 1)]);
}

#[tokio::test]
async fn nothing_is_recorded_unless_asked_for() {
    let bed = Plan::default().start().await;
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200);
    let data = bed.stop().await;
    let files = std::fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let files: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(files.iter().all(|name| name.starts_with("pollux.db") || name == "journal"), "{files:?}");
}
