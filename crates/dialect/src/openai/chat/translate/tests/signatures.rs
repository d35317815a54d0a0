//! Thought signatures: every carrier, memory, and the bypass last (R6).

use std::collections::HashMap;

use serde_json::{Value, json};

use super::models::{gen3, gen25_flash, image};
use super::{chat, lines, recalling, translate};
use crate::gemini::content::Content;
use crate::openai::chat::{Policy, Remembered};

fn call(extra: &Value) -> Value {
    let mut call = json!({ "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    merge(&mut call, extra);
    call
}

fn merge(into: &mut Value, extra: &Value) {
    for (key, value) in extra.as_object().unwrap() {
        match into.get_mut(key) {
            Some(known) if known.is_object() => merge(known, value),
            _ => into[key] = value.clone(),
        }
    }
}

fn history(calls: &Value, message: &Value) -> Value {
    let mut assistant = json!({ "role": "assistant", "content": null, "tool_calls": calls });
    merge(&mut assistant, message);
    chat(&json!([
        { "role": "user", "content": "Go" },
        assistant,
        { "role": "tool", "tool_call_id": "a", "content": "ok" },
    ]))
}

/// The signature of the first call.
fn signature(body: &Value) -> Option<String> {
    let contents = translate(&gen3(), body).unwrap().request.contents.unwrap();
    let call = contents[1].parts().iter().find(|part| part.function_call.is_some()).unwrap();
    call.thought_signature.clone()
}

#[test]
fn r6_every_known_carrier_is_read() {
    let on_call = [
        json!({ "extra_content": { "google": { "thought_signature": "c2ln" } } }),
        json!({ "extra_content": { "vertex": { "thought_signature": "c2ln" } } }),
        json!({ "function": { "extra_content": { "google": { "thought_signature": "c2ln" } } } }),
        json!({ "thought_signature": "c2ln" }),
        json!({ "thoughtSignature": "c2ln" }),
        json!({ "provider_specific_fields": { "thought_signature": "c2ln" } }),
        json!({ "provider_specific_fields": { "thought_signatures": ["c2ln"] } }),
        json!({ "id": "a__thought__c2ln" }),
    ];
    for extra in on_call {
        assert_eq!(
            signature(&history(&json!([call(&extra)]), &json!({}))).as_deref(),
            Some("c2ln"),
            "{extra}"
        );
    }
    let on_message = [
        json!({ "thought_signature": "c2ln" }),
        json!({ "provider_specific_fields": { "thought_signatures": ["c2ln"] } }),
        json!({ "extra_content": { "google": { "thought_signature": "c2ln" } } }),
        json!({ "reasoning_details": [{ "type": "reasoning.encrypted", "data": "c2ln", "id": "a" }] }),
        json!({ "reasoning_details": [{ "type": "reasoning.encrypted", "data": "c2ln" }] }),
    ];
    for extra in on_message {
        assert_eq!(
            signature(&history(&json!([call(&json!({}))]), &extra)).as_deref(),
            Some("c2ln"),
            "{extra}"
        );
    }
}

#[test]
fn a_legacy_call_brings_its_signature_back_where_we_put_it() {
    let carriers = [
        json!({ "extra_content": { "google": { "thought_signature": "c2ln" } } }),
        json!({ "thought_signature": "c2ln" }),
    ];
    for carrier in carriers {
        let mut function = json!({ "name": "f", "arguments": "{}" });
        merge(&mut function, &carrier);
        let body = chat(&json!([
            { "role": "user", "content": "Go" },
            { "role": "assistant", "content": null, "function_call": function },
            { "role": "function", "name": "f", "content": "ok" },
        ]));
        assert_eq!(signature(&body).as_deref(), Some("c2ln"), "{carrier}");
    }
}

#[test]
fn a_signature_in_the_id_does_not_break_the_pairing() {
    let body = history(&json!([call(&json!({ "id": "a__thought__c2ln" }))]), &json!({}));
    let translated = translate(&gen3(), &body).unwrap();
    assert_eq!(translated.hints.open_calls, ["a"]);
    insta::assert_snapshot!(lines(&translated), @r#"
    user: {"text":"Go"}
    model: {"thoughtSignature":"c2ln","functionCall":{"id":"a","name":"f","args":{}}}
    user: {"functionResponse":{"id":"a","name":"f","response":{"output":"ok"}}}
    "#);
}

#[test]
fn r6_memory_comes_before_the_bypass() {
    let remembered = Remembered {
        public_id: "a".to_owned(),
        gemini_id: Some("g1".to_owned()),
        name: "f".to_owned(),
        signature: Some("bWVt".to_owned()),
    };
    let recall = HashMap::from([("a".to_owned(), remembered)]);
    let body = history(&json!([call(&json!({}))]), &json!({}));
    let policy = Policy::default();
    insta::assert_snapshot!(lines(&recalling(&gen3(), &policy, &recall, &body).unwrap()), @r#"
    user: {"text":"Go"}
    model: {"thoughtSignature":"bWVt","functionCall":{"id":"g1","name":"f","args":{}}}
    user: {"functionResponse":{"id":"g1","name":"f","response":{"output":"ok"}}}
    "#);
    insta::assert_snapshot!(lines(&recalling(&gen25_flash(), &policy, &recall, &body).unwrap()), @r#"
    user: {"text":"Go"}
    model: {"thoughtSignature":"bWVt","functionCall":{"name":"f","args":{}}}
    user: {"functionResponse":{"name":"f","response":{"output":"ok"}}}
    "#);
}

#[test]
fn r6_the_bypass_signs_the_first_call_of_each_step_of_the_current_turn() {
    let two = |one: &str, other: &str| {
        let id = |id: &str| call(&json!({ "id": id }));
        json!({ "role": "assistant", "tool_calls": [id(one), id(other)] })
    };
    let tool = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": "ok" });
    let body = chat(&json!([
        { "role": "user", "content": "Old turn" },
        two("o1", "o2"), tool("o1"), tool("o2"),
        { "role": "assistant", "content": "Done." },
        { "role": "user", "content": "Current turn" },
        two("a", "b"), tool("a"), tool("b"),
        two("c", "d"), tool("c"), tool("d"),
    ]));
    let translated = translate(&gen3(), &body).unwrap();
    assert_eq!(translated.hints.open_calls, ["a", "b", "c", "d"]);
    let signed = |contents: Vec<Content>| -> Vec<String> {
        let parts = contents.into_iter().flat_map(|content| content.parts.unwrap());
        let signed = parts.filter(|part| part.thought_signature.is_some());
        signed.map(|part| part.function_call.unwrap().id.unwrap()).collect()
    };
    assert_eq!(signed(translated.request.contents.unwrap()), ["a", "c"]);
    let old = translate(&gen25_flash(), &body).unwrap().request.contents.unwrap();
    assert!(old.iter().flat_map(Content::parts).all(|part| part.thought_signature.is_none()));
}

#[test]
fn a_signature_is_never_sent_twice_and_an_echoed_bypass_is_none() {
    let signed = json!({ "extra_content": { "google": { "thought_signature": "c2ln" } } });
    let twice = json!({ "content": "Hm", "extra_content": { "google": { "thought_signature": "c2ln" } } });
    let body = history(&json!([call(&signed)]), &twice);
    insta::assert_snapshot!(lines(&translate(&gen3(), &body).unwrap()), @r#"
    user: {"text":"Go"}
    model: {"text":"Hm"} {"thoughtSignature":"c2ln","functionCall":{"id":"a","name":"f","args":{}}}
    user: {"functionResponse":{"id":"a","name":"f","response":{"output":"ok"}}}
    "#);
    for echoed in
        ["skip_thought_signature_validator", "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=", "no base64!"]
    {
        let body = history(&json!([call(&json!({ "thought_signature": echoed }))]), &json!({}));
        assert_eq!(signature(&body).as_deref(), Some("skip_thought_signature_validator"));
    }
}

#[test]
fn a_signature_without_text_keeps_its_empty_part() {
    let signed = json!({ "google": { "thought_signature": "c2ln" } });
    let body = chat(&json!([
        { "role": "user", "content": "Go" },
        { "role": "assistant", "content": "", "extra_content": signed },
        { "role": "user", "content": "On" },
    ]));
    insta::assert_snapshot!(lines(&translate(&gen3(), &body).unwrap()), @r#"
    user: {"text":"Go"}
    model: {"text":"","thoughtSignature":"c2ln"}
    user: {"text":"On"}
    "#);
}

#[test]
fn images_a_model_made_are_signed_when_it_checks_them() {
    let url = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA";
    let body = chat(&json!([
        { "role": "user", "content": "Draw" },
        { "role": "assistant", "content": null, "images": [{ "type": "image_url", "image_url": { "url": url } }] },
        { "role": "user", "content": "Again" },
    ]));
    insta::assert_snapshot!(lines(&translate(&image(), &body).unwrap()), @r#"
    user: {"text":"Draw"}
    model: {"thoughtSignature":"skip_thought_signature_validator","inlineData":{"mimeType":"image/png","data":"iVBORw0KGgoAAAANSUhEUgAA"}}
    user: {"text":"Again"}
    "#);
}
