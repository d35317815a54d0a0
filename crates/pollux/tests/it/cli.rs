//! The commands that talk to a running gateway, as a person types them.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::bed::{ADMIN, Bed, Plan};

/// Runs `pollux` with these arguments against the bed's gateway; `input` is its standard input.
async fn pollux(bed: &Bed, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pollux"));
    command.args(arguments).env_clear().env("POLLUX_URL", &bed.base).env("POLLUX_ADMIN_TOKEN", ADMIN);
    command.current_dir(bed.data.path());
    let input = input.to_owned();
    let run = move || {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn rows(output: &Output) -> Vec<Value> {
    text(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn keys_are_added_listed_switched_and_removed() {
    let bed = Plan::default().start().await;
    let added = "AIzaSyAnotherAnotherAnotherAnother00042";
    let said = text(&pollux(&bed, &["keys", "add"], added).await);
    assert!(said.contains("added") && !said.contains("AnotherAnother"), "{said}");
    let keys = rows(&pollux(&bed, &["keys", "list", "--json"], "").await);
    assert_eq!(keys.len(), 13);
    let id = keys[12]["id"].as_str().unwrap();
    let shown = text(&pollux(&bed, &["keys", "disable", id], "").await);
    assert!(shown.contains(id), "{shown}");
    let table = text(&pollux(&bed, &["keys", "list"], "").await);
    let line = table.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(table.starts_with("ID") && line.contains(" no "), "{table}");
    assert_eq!(text(&pollux(&bed, &["keys", "delete", id], "").await), "removed\n");
    assert_eq!(rows(&pollux(&bed, &["keys", "list", "--json"], "").await).len(), 12);
    bed.stop().await;
}

#[tokio::test]
async fn a_user_is_made_on_terms_and_calls() {
    let bed = Plan::default().start().await;
    let made =
        pollux(&bed, &["users", "add", "Ann", "--weight", "7", "--field", "private=false", "--json"], "")
            .await;
    let made = &rows(&made)[0];
    assert_eq!((&made["name"], &made["weight"]), (&Value::from("Ann"), &Value::from(7)));
    let bearer = format!("Bearer {}", made["key"].as_str().unwrap());
    let models = bed.send(http::Method::GET, "/v1/models", &[("authorization", &bearer)], "").await;
    assert_eq!(models.status, 200);
    let refused =
        pollux(&bed, &["users", "set", made["id"].as_str().unwrap(), "--field", "colour=red"], "").await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("may only have"), "{refused:?}");
    bed.stop().await;
}

#[tokio::test]
async fn who_has_no_token_or_no_gateway_is_told() {
    let bed = Plan::default().start().await;
    let wrong = pollux(&bed, &["keys", "list", "--url", "http://127.0.0.1:1"], "").await;
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        wrong.status.code() == Some(1) && said.contains("nothing answers at http://127.0.0.1:1"),
        "{said}"
    );
    let usage = pollux(&bed, &["keys", "paint"], "").await;
    assert_eq!(usage.status.code(), Some(64));
    bed.stop().await;
}

#[tokio::test]
async fn the_doctor_finds_a_healthy_gateway_and_the_way_to_google() {
    let bed = Plan::default().start().await;
    let upstream = bed.upstream();
    let listen = bed.base.trim_start_matches("http://").to_owned();
    let arguments =
        ["doctor", "--upstream-url", &upstream, "--listen", &listen, "--public-url", &bed.base, "--json"];
    let output = pollux(&bed, &arguments, "").await;
    let found: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let grade = |about: &str| {
        found.iter().find(|finding| finding["about"] == about).map(|finding| finding["grade"].clone())
    };
    assert_eq!(grade("gateway"), Some(Value::from("ok")), "{found:?}");
    assert_eq!(grade("google"), Some(Value::from("ok")), "{found:?}");
    assert_eq!(grade("proxy"), Some(Value::from("ok")), "{found:?}");
    assert!(!found.iter().any(|finding| finding.to_string().contains(ADMIN)));
    bed.stop().await;
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_pollux")).args(["completions", shell]).output().unwrap();
        assert!(text(&output).contains("doctor"), "{shell}");
    }
}
