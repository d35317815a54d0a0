//! Media by URL, as the operator wants it. What is fetched and from where is told in the room's own tests, over a network that
//! counts; here nothing may be connected to at all.

use std::io::ErrorKind;

use serde_json::{Value, json};

use crate::bed::{Bed, Plan};
use crate::reply::Reply;

const MODEL: &str = "gemini-3.8-flash";

/// The same picture by URL, in the words of each surface that takes URLs.
async fn everywhere(bed: &Bed, url: &str) -> [Reply; 3] {
    let chat = json!({"model": MODEL, "messages": [{"role": "user", "content": [{"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": url}}]}]});
    let responses = json!({"model": MODEL, "input": [{"role": "user", "content": [
        {"type": "input_text", "text": "What is it?"}, {"type": "input_image", "image_url": url}]}]});
    let messages = json!({"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is it?"}, {"type": "image", "source": {"type": "url", "url": url}}]}]});
    [
        bed.post("/v1/chat/completions", &chat).await,
        bed.post("/v1/responses", &responses).await,
        bed.post_with("/v1/messages", &messages, &[("anthropic-version", "2023-06-01")]).await,
    ]
}

/// What the simulator was last sent as a file.
fn seen(bed: &Bed) -> Value {
    let state = bed.simulator.state();
    let recent = state["recent"].as_array().unwrap().last().unwrap().clone();
    recent["body"]["contents"][0]["parts"][1]["fileData"].clone()
}

#[tokio::test]
async fn urls_are_left_to_google_unless_somebody_says_otherwise() {
    let bed = Plan::default().start().await;
    for reply in everywhere(&bed, "https://example.com/a.png").await {
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    assert_eq!(bed.accepted_in_all(), 3);
    assert_eq!(seen(&bed)["fileUri"], "https://example.com/a.png");
    bed.stop().await;
}

#[tokio::test]
async fn what_is_inside_is_never_fetched() {
    let bed = Plan::default().set("POLLUX_MEDIA_BY_URL", "fetch").start().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in [
        format!("https://127.0.0.1:{port}/a.png"),
        format!("https://localhost:{port}/a.png"),
        "https://127.0.0.1/a.png?token=secret".to_owned(),
        "https://2130706433/a.png".to_owned(),
        "https://[::ffff:169.254.169.254]/latest/meta-data/".to_owned(),
        "https://metadata.google.internal/computeMetadata/v1/".to_owned(),
    ] {
        for reply in everywhere(&bed, &url).await {
            assert_eq!(reply.status, 400, "{url}: {}", reply.body);
            assert!(
                reply.body.contains("was not fetched") && !reply.body.contains("secret"),
                "{}",
                reply.body
            );
        }
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody has connected");
    assert_eq!(bed.accepted_in_all(), 0);
    // What Google alone can read is left to it.
    assert_eq!(everywhere(&bed, "https://www.youtube.com/watch?v=x").await[0].status, 200);
    bed.stop().await;
}

#[tokio::test]
async fn an_operator_may_have_none_of_it() {
    let bed = Plan::default().set("POLLUX_MEDIA_BY_URL", "refuse").start().await;
    for reply in everywhere(&bed, "https://example.com/a.png").await {
        assert_eq!(reply.status, 400, "{}", reply.body);
        assert!(reply.body.contains("takes no media by URL"), "{}", reply.body);
    }
    let inline = everywhere(&bed, "data:image/png;base64,iVBORw0KGgo=").await;
    assert!(inline.iter().all(|reply| reply.status == 200), "{}", inline[0].body);
    bed.stop().await;
}
