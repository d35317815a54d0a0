//! Answers in OpenAI's words: the response vectors of `wire.md` §16 (S1 to S27) and properties over random
//! streams.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]
#![expect(clippy::needless_pass_by_value, reason = "builders take what `json!` gives")]

#[path = "openai/accumulator.rs"]
mod accumulator;
#[path = "openai/options.rs"]
mod options;
#[path = "openai/properties.rs"]
mod properties;
#[path = "openai/vectors.rs"]
mod vectors;

use accumulator::Client;
use dialect::gemini::response::GenerateContentResponse;
use dialect::openai::chat::stream::Encoder;
use dialect::openai::chat::whole::Collector;
use dialect::openai::chat::{Encoding, Stamp};
use serde_json::Value;

const STAMP: Stamp = Stamp { created: 1_790_000_000, seed: 42 };

fn encoding() -> Encoding {
    Encoding {
        model: "gemini-test".to_owned(),
        include_usage: true,
        show_thoughts: true,
        images_as_markdown: true,
        show_code_execution: true,
        ..Encoding::default()
    }
}

fn event(event: &Value) -> GenerateContentResponse {
    serde_json::from_value(event.clone()).expect("an event")
}

/// A stream that ended cleanly, checked as a client would.
fn stream(events: &[Value], encoding: &Encoding) -> (String, Client) {
    let mut encoder = Encoder::new(encoding.clone(), STAMP);
    let mut out = Vec::new();
    for each in events {
        encoder.push(&event(each), &mut out);
    }
    encoder.finish(&mut out);
    let client = Client::read(&out);
    assert!(client.done);
    agrees_with_whole(&client, events, encoding);
    (String::from_utf8(out).unwrap(), client)
}

/// The same events gathered into one answer say the same.
fn agrees_with_whole(client: &Client, events: &[Value], encoding: &Encoding) {
    let whole = whole(events, encoding);
    let choices = whole["choices"].as_array().unwrap();
    assert_eq!(choices.len(), client.choices.len());
    for (whole, streamed) in choices.iter().zip(&client.choices) {
        assert_eq!(whole["finish_reason"].as_str(), streamed.finish_reason.as_deref());
        for key in ["content", "reasoning_content"] {
            assert_eq!(whole["message"][key].as_str().unwrap_or_default(), streamed.text(key));
        }
        let calls = whole["message"]["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
        let unnumbered = streamed.list("tool_calls").iter().cloned().map(|mut call| {
            call.as_object_mut().unwrap().shift_remove("index");
            call
        });
        assert_eq!(calls, unnumbered.collect::<Vec<_>>());
        let logprobs = whole["logprobs"]["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(logprobs, streamed.logprobs());
        assert_eq!(whole["message"].get("extra_content"), streamed.message.get("extra_content"));
    }
    if encoding.include_usage {
        assert_eq!(whole.get("usage"), client.usage.as_ref());
    }
}

fn whole(events: &[Value], encoding: &Encoding) -> Value {
    let mut collector = Collector::new(encoding.clone(), STAMP);
    for each in events {
        collector.push(&event(each));
    }
    serde_json::from_str(&collector.finish().body).expect("a completion is JSON")
}

/// The frames without what is the same in all of them.
fn brief(stream: &str) -> String {
    let head = r#""object":"chat.completion.chunk","created":1790000000,"model":"gemini-test","#;
    stream.replace(head, "").replace("\n\n", "\n").replace("data: ", "")
}
