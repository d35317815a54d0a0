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
use dialect::gemini::aggregate::Aggregate;
use dialect::gemini::response::GenerateContentResponse;
use dialect::openai::chat::stream::Encoder;
use dialect::openai::chat::whole::{Completion, completion};
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
    long_stream(&[events], encoding)
}

/// The same over the hops of a long decode. What is gathered into one answer first must say the same.
fn long_stream(hops: &[&[Value]], encoding: &Encoding) -> (String, Client) {
    let mut encoder = Encoder::new(encoding.clone(), STAMP);
    let mut out = Vec::new();
    for (number, events) in hops.iter().enumerate() {
        if number > 0 {
            encoder.next_hop();
        }
        events.iter().for_each(|each| encoder.push(&event(each), &mut out));
    }
    encoder.finish(&mut out);
    let client = Client::read(&out);
    assert!(client.done);
    client.assert_says(&body(&gathered(hops, encoding)), "the same events as a whole");
    (String::from_utf8(out).unwrap(), client)
}

fn whole(events: &[Value], encoding: &Encoding) -> Value {
    body(&gathered(&[events], encoding))
}

fn body(completion: &Completion) -> Value {
    serde_json::from_str(&completion.body).expect("a completion is JSON")
}

/// The events of one or more hops as a whole answer, the way the gateway makes one of a stream.
fn gathered(hops: &[&[Value]], encoding: &Encoding) -> Completion {
    let mut aggregate = Aggregate::new();
    for (number, events) in hops.iter().enumerate() {
        if number > 0 {
            aggregate.absorb_hop();
        }
        events.iter().for_each(|each| aggregate.push(event(each)));
    }
    completion(&aggregate.finish(), encoding, STAMP)
}

/// The frames without what is the same in all of them.
fn brief(stream: &str) -> String {
    let head = r#""object":"chat.completion.chunk","created":1790000000,"model":"gemini-test","#;
    stream.replace(head, "").replace("\n\n", "\n").replace("data: ", "")
}
