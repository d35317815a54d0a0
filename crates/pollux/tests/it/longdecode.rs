//! Answers that go on over several requests (`wire.md` §6.6): the client sees one.

use serde_json::json;
use simulator::Options;

use crate::bed::{Bed, Plan, chat};

const MODEL: &str = "gemini-4-argon";

async fn bed() -> Bed {
    let simulator = Options { hop_tokens: 60, ..Options::default() };
    Plan { projects: 1, keys_per_project: 2, simulator, ..Plan::default() }.start().await
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

#[tokio::test]
async fn a_long_stream_is_one_stream() {
    let bed = bed().await;
    let reply = bed.stream(MODEL, "words:150", "").await;
    assert!(reply.is_done(), "{}", reply.body);
    assert_eq!(reply.finish_reasons(), ["stop"]);
    assert!(words(&reply.streamed_text()) >= 150, "{}", reply.streamed_text());
    let served: Vec<_> = bed.accepted().into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(served.len(), 1, "all hops go to one key: {served:?}");
    assert!(served[0].1 > 2, "it took several hops: {served:?}");
}

#[tokio::test]
async fn a_long_whole_answer_is_one_answer() {
    let bed = bed().await;
    let reply = bed.chat(MODEL, "words:150").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(words(&reply.text()) >= 150);
    assert_eq!(reply.json()["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn usage_is_summed_over_the_hops() {
    let bed = bed().await;
    let mut request = chat(MODEL, "words:150", true);
    request["stream_options"] = json!({ "include_usage": true });
    let reply = bed.post("/v1/chat/completions", &request).await;
    let usage = reply.chunks().last().unwrap()["usage"].clone();
    assert!(usage["completion_tokens"].as_u64().unwrap() >= 150, "{usage}");
    let short = bed.chat(MODEL, "words:040").await.json()["usage"].clone();
    assert_eq!(usage["prompt_tokens"], short["prompt_tokens"], "the prompt is that of the first hop");
}
