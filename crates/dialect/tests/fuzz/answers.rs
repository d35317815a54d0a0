//! Answers, streamed and whole, made of whatever came from above.

use std::collections::HashMap;

use dialect::anthropic::{self, error::envelope};
use dialect::gemini::aggregate::Aggregate;
use dialect::gemini::event::{Event, parse_event};
use dialect::gemini::response::GenerateContentResponse;
use dialect::openai::chat::whole::completion;
use dialect::openai::chat::{Encoding, Stamp, stream};
use dialect::openai::error::ApiError;
use serde_json::Value;

use crate::mutate::Dice;
use crate::upstream::{frames, is_deep};

const STAMP: Stamp = Stamp { created: 1_790_000_000, seed: 42 };

fn events(body: &[u8]) -> Vec<GenerateContentResponse> {
    let events = frames(body, || usize::MAX);
    let event = |frame: &_| match parse_event(dialect::gemini::sse::Frame::bytes(frame)) {
        Ok(Event::Response(response)) => Some(response),
        _ => None,
    };
    events.iter().filter_map(event).collect()
}

fn renamed() -> HashMap<String, String> {
    HashMap::from([("look_up".to_owned(), "look.up".to_owned())])
}

pub(crate) fn chat(input: &[u8], dice: &mut Dice) -> bool {
    let events = events(input);
    let encoding = Encoding {
        model: "m".to_owned(),
        include_usage: dice.one_in(2),
        show_thoughts: dice.one_in(2),
        json_mode: dice.one_in(2),
        renamed_tools: renamed(),
        custom_tools: vec!["write".to_owned()],
        legacy_functions: dice.one_in(4),
        single_tool_call: dice.one_in(4),
        images_as_markdown: dice.one_in(2),
        show_code_execution: dice.one_in(2),
        append_sources: dice.one_in(2),
    };
    let mut encoder = stream::Encoder::new(encoding.clone(), STAMP);
    let (mut out, mut whole) = (Vec::new(), Aggregate::new());
    for event in &events {
        encoder.push(event, &mut out);
        whole.push(event.clone());
        if dice.one_in(8) {
            encoder.next_hop();
            whole.absorb_hop();
        }
    }
    let broke = dice.one_in(4);
    if broke {
        encoder.fail(&ApiError::body("It broke."), &mut out);
    } else {
        encoder.finish(&mut out);
    }
    let text = String::from_utf8(out).expect("a stream is UTF-8");
    let whole = completion(&whole.finish(), &encoding, STAMP).body;
    if is_deep(input) {
        return true;
    }
    let mut frames: Vec<&str> = text.split_terminator("\n\n").collect();
    assert!(text.ends_with("\n\n"));
    assert_eq!(frames.pop_if(|last| *last == "data: [DONE]").is_some(), !broke, "only a clean end says so");
    for frame in frames {
        let data: Value = serde_json::from_str(frame.strip_prefix("data: ").expect(frame)).expect(frame);
        assert!(data["choices"].is_array() || data["error"].is_object(), "{data}");
    }
    let body: Value = serde_json::from_str(&whole).unwrap();
    assert!(body["choices"].as_array().is_some_and(|choices| !choices.is_empty()), "{body}");
    !events.is_empty()
}

pub(crate) fn messages(input: &[u8], dice: &mut Dice) -> bool {
    let events = events(input);
    let encoding = anthropic::Encoding {
        model: "m".to_owned(),
        show_thoughts: dice.one_in(2),
        signed: dice.one_in(2),
        json_mode: dice.one_in(2),
        renamed_tools: renamed(),
        single_tool_call: dice.one_in(4),
        images_as_markdown: dice.one_in(2),
        web_search: dice.one_in(2),
        estimated_input: 7,
    };
    let mut encoder = anthropic::stream::Encoder::new(encoding.clone(), STAMP);
    let (mut out, mut whole) = (Vec::new(), Aggregate::new());
    for event in &events {
        encoder.push(event, &mut out);
        whole.push(event.clone());
        if dice.one_in(8) {
            encoder.next_hop();
            whole.absorb_hop();
        }
    }
    let broke = dice.one_in(4);
    if broke {
        encoder.fail(&envelope(502, "It broke.", None), &mut out);
    } else {
        encoder.finish(&mut out);
    }
    let text = String::from_utf8(out).expect("a stream is UTF-8");
    let whole = anthropic::whole::message(&whole.finish(), &encoding, STAMP).body;
    if is_deep(input) {
        return true;
    }
    well_formed(&text, broke);
    let body: Value = serde_json::from_str(&whole).unwrap();
    assert!(body["content"].is_array() && body["stop_reason"].is_string(), "{body}");
    !events.is_empty()
}

/// A head, blocks one after the other, an end; nothing outside a block but pings.
fn well_formed(text: &str, broke: bool) {
    assert!(text.ends_with("\n\n"));
    let (mut begun, mut ended, mut open, mut blocks) = (false, false, false, 0);
    for frame in text.split_terminator("\n\n") {
        let (name, data) = frame.split_once('\n').expect(frame);
        let name = name.strip_prefix("event: ").expect(frame);
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").expect(frame)).expect(frame);
        assert_eq!(data["type"], name);
        assert!(!ended, "after the end: {frame}");
        let is_block = || begun && data["index"].as_u64() == Some(blocks);
        match name {
            "message_start" => assert!(!std::mem::replace(&mut begun, true)),
            "content_block_start" => assert!(is_block() && !std::mem::replace(&mut open, true), "{frame}"),
            "content_block_delta" => assert!(is_block() && open, "{frame}"),
            "content_block_stop" => {
                assert!(is_block() && std::mem::replace(&mut open, false), "{frame}");
                blocks += 1;
            }
            "message_delta" => assert!(begun && !open),
            "message_stop" | "error" => ended = true,
            other => assert_eq!(other, "ping"),
        }
        assert!(name != "error" || broke);
    }
    assert!(ended && (begun || broke));
}
