//! Tool calls and their results (R4, R5), and the order Gemini insists on.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::models::{gen3, gen25_flash};
use super::{chat, sent, translate};
use crate::gemini::content::Content;

fn call(id: &str, name: &str) -> Value {
    json!({ "id": id, "type": "function", "function": { "name": name, "arguments": "{}" } })
}

fn tool(id: &str, content: &Value) -> Value {
    json!({ "role": "tool", "tool_call_id": id, "content": content })
}

#[test]
fn r4_results_out_of_order_missing_double_and_orphaned() {
    let body = chat(&json!([
        { "role": "user", "content": "Go" },
        { "role": "assistant", "content": "Calling.", "tool_calls": [call("a", "f"), call("b", "g"), call("c", "h")] },
        tool("c", &json!("three")),
        { "role": "user", "content": "meanwhile" },
        tool("a", &json!("one")),
        tool("a", &json!("one")),
        tool("a", &json!("uno")),
        tool("zzz", &json!("late")),
        tool("yyy", &json!("lost")),
    ]));
    // `zzz` is unknown, and only one call waits: it is taken for the answer of `b`.
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"Go"}
    model: {"text":"Calling."} {"functionCall":{"name":"f","args":{}}} {"functionCall":{"name":"g","args":{}}} {"functionCall":{"name":"h","args":{}}}
    user: {"functionResponse":{"name":"f","response":{"output":"one"}}} {"functionResponse":{"name":"g","response":{"output":"late"}}} {"functionResponse":{"name":"h","response":{"output":"three"}}}
    user: {"text":"meanwhile"} {"text":"Result of f: uno"} {"text":"Result of yyy: lost"}
    "#);
    let body = chat(&json!([
        { "role": "user", "content": "Go" },
        { "role": "assistant", "tool_calls": [call("a", "f"), call("b", "g")] },
        { "role": "user", "content": "Never mind" },
    ]));
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"Go"}
    model: {"functionCall":{"name":"f","args":{}}} {"functionCall":{"name":"g","args":{}}}
    user: {"functionResponse":{"name":"f","response":{"error":"no result was provided"}}} {"functionResponse":{"name":"g","response":{"error":"no result was provided"}}}
    user: {"text":"Never mind"}
    "#);
}

#[test]
fn calls_split_over_messages_find_their_results() {
    let body = chat(&json!([
        { "role": "user", "content": "Go" },
        { "role": "assistant", "content": "Text first." },
        { "role": "assistant", "tool_calls": [call("a", "f")] },
        { "role": "assistant", "tool_calls": [call("b", "g")] },
        tool("a", &json!("one")),
        tool("b", &json!("two")),
    ]));
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"Go"}
    model: {"text":"Text first."} {"functionCall":{"name":"f","args":{}}}
    user: {"functionResponse":{"name":"f","response":{"output":"one"}}}
    model: {"functionCall":{"name":"g","args":{}}}
    user: {"functionResponse":{"name":"g","response":{"output":"two"}}}
    "#);
}

#[test]
fn unanswered_calls_at_the_end_go() {
    let body = chat(&json!([
        { "role": "user", "content": "Go" },
        { "role": "assistant", "content": "I will", "tool_calls": [call("a", "f")] },
    ]));
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"Go"}
    model: {"text":"I will"}
    "#);
}

#[test]
fn ids_empty_or_twice_stay_paired() {
    let body = chat(&json!([
        { "role": "user", "content": "Go" },
        { "role": "assistant", "tool_calls": [call("", "f"), call("", "g")] },
        tool("", &json!("one")),
        tool("", &json!("two")),
        { "role": "assistant", "tool_calls": [call("x", "f")] },
        tool("x", &json!("three")),
        { "role": "assistant", "tool_calls": [call("x", "f")] },
        tool("x", &json!("four")),
        { "role": "user", "content": "Ok" },
    ]));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Go"}
    model: {"functionCall":{"id":"call_1","name":"f","args":{}}} {"functionCall":{"id":"call_2","name":"g","args":{}}}
    user: {"functionResponse":{"id":"call_1","name":"f","response":{"output":"one"}}} {"functionResponse":{"id":"call_2","name":"g","response":{"output":"two"}}}
    model: {"functionCall":{"id":"x","name":"f","args":{}}}
    user: {"functionResponse":{"id":"x","name":"f","response":{"output":"three"}}}
    model: {"functionCall":{"id":"x_3","name":"f","args":{}}}
    user: {"functionResponse":{"id":"x_3","name":"f","response":{"output":"four"}}}
    user: {"text":"Ok"}
    "#);
}

#[test]
fn r5_results_become_objects() {
    let result = |content: Value| {
        let body = chat(&json!([
            { "role": "user", "content": "Go" },
            { "role": "assistant", "tool_calls": [call("a", "f")] },
            tool("a", &content),
        ]));
        let translated = translate(&gen25_flash(), &body).unwrap();
        let part = translated.request.contents.unwrap()[2].parts()[0].clone();
        part.function_response.unwrap().response.unwrap().to_string()
    };
    let all = [
        result(json!("{\"t\": 21}")),
        result(json!("[1, 2]")),
        result(json!("42")),
        result(json!("plain")),
        result(json!("")),
        result(Value::Null),
        result(json!([{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }])),
        result(json!("{\"a\": [{\"$ref\": \"x\"}]}")),
        result(json!("{\"broken\": ")),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    {"t":21}
    {"output":[1,2]}
    {"output":"42"}
    {"output":"plain"}
    {"output":""}
    {"output":""}
    {"output":"a\nb"}
    {"output":"{\"a\": [{\"$ref\": \"x\"}]}"}
    {"output":"{\"broken\": "}
    "#);
}

#[test]
fn r5_media_go_inside_the_response_or_beside_it() {
    let png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA";
    let body = chat(&json!([
        { "role": "user", "content": "Go" },
        { "role": "assistant", "tool_calls": [call("a", "f"), call("b", "g")] },
        tool("a", &json!([{ "type": "text", "text": "see" }, { "type": "image_url", "image_url": { "url": png } }])),
        tool("b", &json!(png)),
    ]));
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"Go"}
    model: {"functionCall":{"name":"f","args":{}}} {"functionCall":{"name":"g","args":{}}}
    user: {"functionResponse":{"name":"f","response":{"output":"see"}}} {"functionResponse":{"name":"g","response":{"output":"See the attached media."}}} {"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgoAAAANSUhEUgAA"}} {"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgoAAAANSUhEUgAA"}}
    "#);
    insta::assert_snapshot!(sent(&gen3(), &body).replace("skip_thought_signature_validator", "SKIP"), @r#"
    user: {"text":"Go"}
    model: {"thoughtSignature":"SKIP","functionCall":{"id":"a","name":"f","args":{}}} {"functionCall":{"id":"b","name":"g","args":{}}}
    user: {"functionResponse":{"id":"a","name":"f","response":{"output":"see"},"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgoAAAANSUhEUgAA"}}]}} {"functionResponse":{"id":"b","name":"g","response":{"output":"See the attached media."},"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgoAAAANSUhEUgAA"}}]}}
    "#);
}

#[test]
fn broken_arguments_never_fail_the_request() {
    let with = |arguments: Value| json!({ "id": "a", "function": { "name": "f", "arguments": arguments } });
    let calls: Vec<Value> = [
        json!("{\"x\": 1}"),
        json!(""),
        Value::Null,
        json!("null"),
        json!("[1]"),
        json!("\"s\""),
        json!("{oops"),
        json!({ "y": 2 }),
    ]
    .into_iter()
    .map(with)
    .collect();
    let body = chat(&json!([{ "role": "assistant", "tool_calls": calls }, tool("a", &json!("ok"))]));
    let translated = translate(&gen25_flash(), &body).unwrap();
    let parts = translated.request.contents.unwrap()[1].parts().to_vec();
    let args: Vec<String> =
        parts.into_iter().map(|part| part.function_call.unwrap().args.unwrap().to_string()).collect();
    insta::assert_snapshot!(args.join("\n"), @r#"
    {"x":1}
    {}
    {}
    {}
    {"value":[1]}
    {"value":"s"}
    {"_raw":"{oops"}
    {"y":2}
    "#);
}

#[test]
fn late_results_find_their_calls_in_a_long_conversation() {
    let mut messages = vec![json!({ "role": "user", "content": "Go" })];
    for index in 0..2_000 {
        messages.push(json!({ "role": "assistant", "tool_calls": [call(&format!("c{index}"), "f")] }));
        messages.push(json!({ "role": "assistant", "content": "t" }));
    }
    messages.extend((0..2_000).map(|index| tool(&format!("c{index}"), &json!("r"))));
    let translated = translate(&gen3(), &chat(&json!(messages))).unwrap();
    let contents = translated.request.contents.unwrap();
    let answers = contents.iter().flat_map(Content::parts).filter_map(|part| part.function_response.as_ref());
    let good = answers.filter(|answer| answer.response == Some(json!({ "output": "r" }))).count();
    assert_eq!(good, 2_000);
}

/// One message of a random conversation.
fn message() -> impl Strategy<Value = Value> {
    let id = || prop::sample::select(vec!["", "a", "b", "c", "d"]);
    let calls = prop::collection::vec(id().prop_map(|id| call(id, "f")), 1..4);
    let text = prop::sample::select(vec!["", "text"]);
    let signed = prop::bool::ANY.prop_map(|signed| signed.then_some("c2ln"));
    prop_oneof![
        Just(json!({ "role": "user", "content": "u" })),
        Just(json!({ "role": "system", "content": "s" })),
        Just(json!({ "role": "assistant", "content": "t" })),
        (calls, text, signed).prop_map(|(calls, text, signature)| json!({
            "role": "assistant", "content": text, "tool_calls": calls, "thought_signature": signature
        })),
        id().prop_map(|id| tool(id, &json!("r"))),
        Just(json!({ "role": "function", "name": "f", "content": "r" })),
    ]
}

/// The calls that have to come out: all but those at the very end that nobody answered or came after.
fn expected_calls(messages: &[Value]) -> usize {
    let count = |message: &Value| message["tool_calls"].as_array().map_or(0, Vec::len);
    let rest: Vec<&Value> = messages.iter().filter(|message| message["role"] != "system").collect();
    let all: usize = rest.iter().map(|message| count(message)).sum();
    let trailing = rest.last().map_or(0, |message| count(message));
    all - trailing
}

proptest! {
    #[test]
    fn as_many_responses_as_calls_each_right_after_them(messages in prop::collection::vec(message(), 1..14)) {
        for model in [gen3(), gen25_flash()] {
            let translated = translate(&model, &chat(&json!(messages))).unwrap();
            let contents = translated.request.contents.unwrap();
            let mut calls_out = 0;
            prop_assert_eq!(contents[0].role.as_deref(), Some("user"));
            for (index, content) in contents.iter().enumerate() {
                prop_assert!(!content.parts().is_empty());
                let calls: Vec<_> = content.parts().iter().filter_map(|part| part.function_call.as_ref()).collect();
                let next = contents.get(index + 1).map(Content::parts).unwrap_or_default();
                let answers: Vec<_> = next.iter().filter_map(|part| part.function_response.as_ref()).collect();
                calls_out += calls.len();
                if content.role.as_deref() == Some("model") {
                    let pairs = |id: &Option<String>, name: &Option<String>| (id.clone(), name.clone());
                    let asked: Vec<_> = calls.iter().map(|call| pairs(&call.id, &call.name)).collect();
                    let given: Vec<_> = answers.iter().map(|answer| pairs(&answer.id, &answer.name)).collect();
                    prop_assert_eq!(asked, given);
                    if !calls.is_empty() {
                        prop_assert_eq!(next.len(), calls.len());
                        prop_assert_eq!(contents[index - 1].role.as_deref(), Some("user"));
                    }
                } else {
                    prop_assert!(calls.is_empty());
                }
            }
            prop_assert_eq!(calls_out, expected_calls(&messages));
        }
    }
}
