//! Random bodies: nothing panics, and every refusal says something.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::models::all;
use super::{Context, to_gemini};
use crate::openai::chat::Policy;
use crate::openai::chat::request::ChatRequest;

const KEYS: &str = "model messages role content type text image_url url detail tool_calls id function name \
    arguments tool_call_id tools tool_choice parameters response_format json_schema schema \
    stream n stop max_tokens temperature seed reasoning_effort thinking_config \
    thinking_budget extra_body google extra_content thought_signature audio file file_data \
    input_audio data format custom allowed_tools modalities safety_settings cached_content \
    logprobs images reasoning_details properties $ref $defs allOf anyOf enum functions \
    function_call";

const WORDS: &[&str] = &[
    "",
    "user",
    "assistant",
    "tool",
    "system",
    "function",
    "text",
    "image_url",
    "input_audio",
    "file",
    "custom",
    "a",
    "auto",
    "required",
    "json_schema",
    "json_object",
    "high",
    "none",
    "object",
    "string",
    "#/$defs/a",
    "{\"a\":1}",
    "wav",
    "data:image/png;base64,iVBORw0KGgo=",
    "data:,",
    "https://a/b.png",
    "![x](data:image/png;base64,AAAA)",
    "查 %zz",
];

fn keys() -> impl Strategy<Value = &'static str> {
    prop::sample::select(KEYS.split(' ').collect::<Vec<_>>())
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![-3_i64..50, any::<i64>()].prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(5, 48, 6, |inner| {
        let key = prop_oneof![4 => keys().prop_map(str::to_owned), 1 => ".{0,4}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|entries| Value::Object(Map::from_iter(entries))),
        ]
    })
}

fn part() -> impl Strategy<Value = Value> {
    (prop::sample::select(WORDS), prop::sample::select(WORDS), keys(), value()).prop_map(
        |(kind, text, key, value)| {
            json!({ "type": kind, "text": text, "image_url": { "url": text }, "file": { "file_data": text }, key: value })
        },
    )
}

fn message() -> impl Strategy<Value = Value> {
    let roles = prop::sample::select(vec!["user", "assistant", "tool", "system", "function"]);
    let content = prop_oneof![leaf(), prop::collection::vec(part(), 0..4).prop_map(Value::from)];
    (roles, content, keys(), value()).prop_map(
        |(role, content, key, value)| json!({ "role": role, "content": content, "name": "f", key: value }),
    )
}

fn body() -> impl Strategy<Value = Value> {
    let fields = prop::collection::vec((keys(), value()), 0..5);
    let likely = (prop::collection::vec(message(), 0..5), fields).prop_map(|(messages, fields)| {
        let mut body = json!({ "model": "m", "messages": messages });
        for (key, value) in fields {
            body[key] = value;
        }
        body
    });
    prop_oneof![1 => value(), 5 => likely]
}

proptest! {
    #[test]
    fn any_body_is_translated_or_refused_in_words(body in body(), strict in any::<bool>(), lenient in any::<bool>()) {
        let policy = Policy { strict_params: strict, drop_params: lenient, ..Policy::default() };
        let bytes = body.to_string();
        match ChatRequest::parse(bytes.as_bytes()) {
            Err(error) => prop_assert!(!error.message.is_empty() && error.status == 400),
            Ok(request) => {
                for (_, capabilities) in all() {
                    let recall = std::collections::HashMap::new();
                    let context = Context { capabilities: &capabilities, policy: &policy, recall: &recall };
                    match to_gemini(request.clone(), &context) {
                        Err(error) => prop_assert!(!error.message.is_empty() && error.status == 400),
                        Ok(done) => {
                            prop_assert!(done.request.contents.is_some_and(|contents| !contents.is_empty()));
                            prop_assert!(done.ignored.iter().all(|name| name.is_ascii() && !name.is_empty()));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_in_words(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Err(error) = ChatRequest::parse(&bytes) {
            prop_assert!(!error.message.is_empty());
        }
    }
}
