//! How the gateway refuses more than it can hold, over real connections and in each surface's words.

use hyper::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bed::{Bed, Plan, chat};
use crate::reply::Reply;

const MODEL: &str = "gemini-3.5-flash";

async fn message(bed: &Bed, headers: &[(&str, &str)]) -> Reply {
    let body = json!({ "model": MODEL, "max_tokens": 10, "messages": [{ "role": "user", "content": "hi" }] });
    bed.post_with("/v1/messages", &body, headers).await
}

fn code(reply: &Reply) -> (u16, Value, bool) {
    let error = &reply.json()["error"];
    (reply.status, error["code"].clone(), reply.header("retry-after").is_some())
}

/// Sends a head and a part of the body, and leaves it at that.
async fn begin(bed: &Bed, length: usize, more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(bed.base.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-length: {length}\r\n\
         expect: 100-continue\r\n{more}\r\n",
        bed.user_key
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The gateway asks for the body: it has let the call in.
    let mut asked = [0; 21];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue");
    stream
}

#[tokio::test]
async fn calls_beyond_the_last_place_are_told_when_to_come_back() {
    let bed = Plan::default().set("POLLUX_MAX_CALLS", "1").start().await;
    let held = begin(&bed, 100, "").await;
    assert_eq!(code(&bed.chat(MODEL, "hi").await), (503, json!("overloaded"), true));
    let said = message(&bed, &[]).await;
    assert_eq!((said.status, said.json()["type"].as_str()), (503, Some("error")), "{}", said.body);
    assert!(said.header("retry-after").is_some() && said.header("x-request-id").is_some());
    // What is no call is not kept out.
    let key = format!("Bearer {}", bed.user_key);
    assert_eq!(bed.send(Method::GET, "/v1/models", &[("authorization", &key)], "").await.status, 200);
    // The place is given back with the answer's last byte.
    let mut held = held;
    held.write_all(&[b'{'; 100]).await.unwrap();
    let mut first = [0; 25];
    held.read_exact(&mut first).await.unwrap();
    drop(held);
    while bed.chat(MODEL, "hi").await.status == 503 {}
    bed.stop().await;
}

#[tokio::test]
async fn bodies_have_their_room_together() {
    let bed = Plan::default().set("POLLUX_MAX_BODIES_MB", "1").start().await;
    let held = begin(&bed, 900 << 10, "").await;
    assert_eq!(code(&bed.chat(MODEL, &"x".repeat(300 << 10)).await), (503, json!("overloaded"), true));
    assert_eq!(bed.chat(MODEL, "small").await.status, 200);
    drop(held);
    bed.stop().await;
}

#[tokio::test]
async fn those_behind_a_trusted_proxy_are_told_apart() {
    let plan = Plan::default().set("POLLUX_TRUSTED_PROXIES", "loopback");
    let bed = plan.set("POLLUX_MAX_CONNECTIONS_PER_ADDRESS", "1").start().await;
    let held = begin(&bed, 100, "x-forwarded-for: 203.0.113.7\r\n").await;
    let from = |address| [("x-forwarded-for", address)];
    let again = bed.post_with("/v1/chat/completions", &chat(MODEL, "hi", false), &from("203.0.113.7")).await;
    assert_eq!(code(&again), (429, json!("too_many_connections"), true));
    let other = bed.post_with("/v1/chat/completions", &chat(MODEL, "hi", false), &from("203.0.113.8")).await;
    assert_eq!(other.status, 200, "{}", other.body);
    drop(held);
    bed.stop().await;
}

#[tokio::test]
async fn a_body_that_stops_is_refused_in_words() {
    let bed = Plan::default().set("POLLUX_BODY_TIMEOUT", "50ms").start().await;
    let mut stream = begin(&bed, 100, "connection: close\r\n").await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("408") && answer.contains("request_timeout"), "{answer}");
    bed.stop().await;
}

#[tokio::test]
async fn the_settings_are_checked_together() {
    let settings = [("POLLUX_TLS_CERT", "cert.pem".to_owned())];
    let environment = settings.into_iter().collect::<pollux::config::Environment>();
    let problems = pollux::config::load(&pollux::config::Flags::default(), &environment).unwrap_err();
    assert!(problems.to_string().contains("tls_key"), "{problems}");
}
