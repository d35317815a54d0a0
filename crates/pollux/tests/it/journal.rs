//! Every call that ended is written down once, whatever becomes of the gateway.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use pollux::clock::Moment;
use pollux::lifecycle::Lifecycle;
use pollux::store::usage::{CallFilter, Place, Record, UsageFilter};
use pollux::store::{PAGE, SqlStore, SqliteSettings, Store};
use serde_json::{Value, json};
use simulator::{Options, Simulator, Tier};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::bed::{Bed, Plan, chat};

const MODEL: &str = "gemini-3.8-flash";
const USER_KEY: &str = "sk-pollux-crash-test-0123456789";

async fn admin(bed: &Bed, path: &str) -> Value {
    bed.admin(Method::GET, path, &Value::Null).await.json()
}

#[tokio::test]
async fn a_call_is_told_with_its_attempts_its_decision_and_what_it_took() {
    let bed = Plan::default().start().await;
    let answer =
        bed.post_with("/v1/chat/completions", &chat(MODEL, "hello", false), &[("x-sim-fault", "503")]).await;
    assert_eq!(answer.status, 200);
    let id = answer.header("x-request-id").unwrap();
    let call = admin(&bed, &format!("/admin/requests/{id}")).await;
    let usage = &answer.json()["usage"];
    for (path, expected) in [
        ("/surface", json!("openai.chat")),
        ("/model_asked", json!(MODEL)),
        ("/outcome", json!("answered")),
        ("/status", json!(200)),
        ("/token_source", json!("exact")),
        ("/ending", json!("clean")),
        ("/attempt_count", json!(2)),
        ("/tokens/input", usage["prompt_tokens"].clone()),
        ("/tokens/output", usage["completion_tokens"].clone()),
        ("/attempts/0/outcome", json!("overloaded")),
        ("/attempts/0/status", json!(503)),
        ("/attempts/1/outcome", json!("ok")),
        ("/decision/chosen_by/strategy", json!("headroom")),
    ] {
        assert_eq!(call.pointer(path), Some(&expected), "{path} in {call:#}");
    }
    assert!(!call.pointer("/attempts/0/reason").unwrap().as_str().unwrap().is_empty(), "{call:#}");
    bed.stop().await;
}

#[tokio::test]
async fn refusals_and_broken_streams_are_told_as_what_they_were() {
    let bed = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.start().await;
    let told = async |id: &str| {
        let call = admin(&bed, &format!("/admin/requests/{id}")).await;
        let word = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
        (word("outcome"), call["status"].as_u64().unwrap(), word("ending"), word("token_source"))
    };
    let owned = |outcome: &str, status, ending: &str, source: &str| {
        (outcome.to_owned(), status, ending.to_owned(), source.to_owned())
    };
    let bad =
        bed.post_with("/v1/chat/completions", &chat(MODEL, "x", false), &[("x-sim-fault", "400-bare")]).await;
    assert_eq!(
        told(bad.header("x-request-id").unwrap()).await,
        owned("request", u64::from(bad.status), "refused", "none")
    );
    let cut = bed.stream(MODEL, "hello", "reset:1").await;
    assert!(!cut.is_done());
    let (outcome, status, ending, _) = told(cut.header("x-request-id").unwrap()).await;
    assert_eq!((outcome.as_str(), status, ending.as_str()), ("cut", 200, "cut"));
    // What Google did not count is estimated, and said to be.
    let uncounted = bed.stream(MODEL, "hello", "no-usage").await;
    let call = admin(&bed, &format!("/admin/requests/{}", uncounted.header("x-request-id").unwrap())).await;
    assert_eq!(call["token_source"], "estimated", "{call:#}");
    assert!(call["tokens"]["output"].as_u64().unwrap() > 0, "{call:#}");
    bed.stop().await;
}

#[tokio::test]
async fn what_users_spent_is_known_after_a_restart() {
    let bed = Plan::default().set("POLLUX_USER_KEYS", format!("Ann={USER_KEY}")).start().await;
    let users = admin(&bed, "/admin/users").await;
    let ann =
        users["data"].as_array().unwrap().iter().find(|user| user["name"] == "Ann").unwrap()["id"].clone();
    let path = format!("/admin/users/{}", ann.as_str().unwrap());
    let limits = json!({"limits": {"rpd": 3}});
    assert_eq!(bed.admin(Method::PATCH, &path, &limits).await.status, 200);
    let ask = async |bed: &Bed| {
        let bearer = format!("Bearer {USER_KEY}");
        let body = chat(MODEL, "hello", false).to_string();
        bed.send(Method::POST, "/v1/chat/completions", &[("authorization", &bearer)], body).await.status
    };
    assert_eq!((ask(&bed).await, ask(&bed).await), (200, 200));
    let bed = bed.restart().await;
    assert_eq!((ask(&bed).await, ask(&bed).await), (200, 429));
    bed.stop().await;
}

/// `CRASH_ROUNDS` crashes, a few unless told otherwise.
fn rounds() -> u32 {
    std::env::vars().find(|(name, _)| name == "CRASH_ROUNDS").map_or(4, |(_, value)| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_gateway_loses_no_call_whose_end_a_client_saw_and_doubles_none() {
    let folder = tempfile::tempdir().unwrap();
    let simulator =
        Simulator::new(Options { projects: 4, keys_per_project: 2, tier: Tier::Paid, ..Options::default() })
            .unwrap();
    let lifecycle = Lifecycle::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    lifecycle.spawn("simulator", simulator.clone().serve(listener, lifecycle.soft().cancelled_owned()));

    let mut seen = HashMap::new();
    for round in 0..rounds() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let mut child = start(folder.path(), port, (&upstream, &simulator.keys().join(",")));
        listens(port, &mut child).await;
        let mut clients = JoinSet::new();
        for client in 0..50 {
            clients.spawn(call_until_it_dies(port, (client + round) % 2 == 0));
        }
        // Some calls have ended, more are under way; how far each is when the blow comes is left to the machine.
        let wanted = accepted(&simulator) + 60 + u64::from(round % 5) * 17;
        while accepted(&simulator) < wanted {
            tokio::task::yield_now().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(calls) = clients.join_next().await {
            seen.extend(calls.unwrap());
        }
    }
    // The last start takes over what the last crash left.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut child = start(folder.path(), port, (&upstream, &simulator.keys().join(",")));
    listens(port, &mut child).await;
    child.kill().unwrap();
    child.wait().unwrap();
    check(folder.path(), &seen).await;
    println!("{} calls seen to their end over {} crashes: none lost, none doubled", seen.len(), rounds());
    lifecycle.stop();
    lifecycle.shutdown(Duration::from_secs(2)).await;
}

fn accepted(simulator: &Simulator) -> u64 {
    let state = simulator.state();
    state["keys"].as_object().unwrap().values().map(|key| key["accepted"].as_u64().unwrap()).sum()
}

fn start(folder: &Path, port: u16, (upstream, keys): (&str, &str)) -> Child {
    Command::new(env!("CARGO_BIN_EXE_pollux"))
        .arg("serve")
        .env_clear()
        .env("POLLUX_LISTEN", format!("127.0.0.1:{port}"))
        .env("POLLUX_DATA_DIR", folder)
        .env("POLLUX_UPSTREAM_URL", upstream)
        .env("POLLUX_ADMIN_TOKEN", "admin-token-of-the-crash-test")
        .env("POLLUX_USER_KEYS", format!("crash={USER_KEY}"))
        .env("GEMINI_API_KEYS", keys)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn listens(port: u16, child: &mut Child) {
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(child.try_wait().unwrap().is_none(), "the gateway does not start");
        tokio::task::yield_now().await;
    }
}

/// Calls until nobody answers; tells of each call whose end it saw, by id, its tokens.
async fn call_until_it_dies(port: u16, streamed: bool) -> Vec<(String, (u64, u64))> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut body = chat(MODEL, "hello", streamed);
    body["stream_options"] = if streamed { json!({"include_usage": true}) } else { Value::Null };
    let mut seen = Vec::new();
    loop {
        let request = Request::post(format!("http://127.0.0.1:{port}/v1/chat/completions"))
            .header("authorization", format!("Bearer {USER_KEY}"))
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let Ok(response) = client.request(request).await else { return seen };
        let (head, answer) = response.into_parts();
        let id = head.headers["x-request-id"].to_str().unwrap().to_owned();
        let Ok(answer) = answer.collect().await else { return seen };
        let text = String::from_utf8(answer.to_bytes().to_vec()).unwrap();
        if head.status == 200 && (!streamed || text.ends_with("data: [DONE]\n\n")) {
            seen.push((id, usage(&text)));
        }
    }
}

/// Tokens in and out as an answer tells them, whole or streamed.
fn usage(text: &str) -> (u64, u64) {
    let mut told = text.lines().filter_map(|line| {
        let value: Value = serde_json::from_str(line.strip_prefix("data: ").unwrap_or(line)).ok()?;
        Some((value["usage"]["prompt_tokens"].as_u64()?, value["usage"]["completion_tokens"].as_u64()?))
    });
    told.next_back().unwrap()
}

async fn check(folder: &Path, seen: &HashMap<String, (u64, u64)>) {
    let store: Arc<dyn Store> = Arc::new(
        SqlStore::open_sqlite(&folder.join("pollux.db"), SqliteSettings::default(), Moment(0)).await.unwrap(),
    );
    let ledger = everything(&*store).await;
    assert!(seen.len() > 50, "only {} calls ended", seen.len());
    for (id, tokens) in seen {
        let Some(record) = ledger.get(id) else { panic!("{id} is lost, of {}", seen.len()) };
        assert_eq!((record.tokens.input, record.tokens.output), *tokens, "{id}");
    }
    let sums = store.usage_sum(&UsageFilter::default()).await.unwrap();
    assert_eq!(sums.calls, i64::try_from(ledger.len()).unwrap(), "a call is summed up twice or not at all");
    store.close().await;
}

async fn everything(store: &dyn Store) -> HashMap<String, Record> {
    let mut all = HashMap::new();
    let mut after = None;
    loop {
        let page = store.list_calls(&CallFilter::default(), after.as_ref(), PAGE).await.unwrap();
        after = page.last().map(|call| Place { began_ms: call.began_ms, id: call.id.clone(), ordinal: 0 });
        let last = page.len() < PAGE;
        all.extend(page.into_iter().map(|call| (call.id.clone(), call)));
        if last {
            return all;
        }
    }
}
