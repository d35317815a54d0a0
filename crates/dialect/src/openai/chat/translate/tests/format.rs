//! `response_format`.

use serde_json::json;

use super::models::{gen3, gen25_flash};
use super::{asking, sent, translate};

#[test]
fn json_with_and_without_a_shape() {
    let schema = json!({ "type": "object", "properties": { "a": { "const": 1 } }, "required": ["a"] });
    let formats = [
        json!({ "type": "text" }),
        json!({ "type": "json_object" }),
        json!({ "type": "json_schema", "json_schema": { "name": "x", "strict": true, "schema": schema } }),
        json!({ "type": "json_object", "response_schema": schema }),
    ];
    let all: Vec<String> =
        formats.iter().map(|format| sent(&gen3(), &asking(&json!({ "response_format": format })))).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    user: {"text":"Hi"}

    user: {"text":"Hi"}
    generationConfig: {"responseMimeType":"application/json"}

    user: {"text":"Hi"}
    generationConfig: {"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":{"a":{"type":"integer","enum":[1]}},"required":["a"]}}

    user: {"text":"Hi"}
    generationConfig: {"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":{"a":{"type":"integer","enum":[1]}},"required":["a"]}}
    "#);
    let body = asking(&json!({ "response_format": { "type": "json_object" } }));
    assert!(translate(&gen3(), &body).unwrap().encoding.json_mode);
    assert!(!translate(&gen3(), &asking(&json!({}))).unwrap().encoding.json_mode);
}

#[test]
fn beside_tools_older_models_are_told_in_words() {
    let body = asking(&json!({
        "response_format": { "type": "json_schema", "json_schema": { "schema": { "type": "object" } } },
        "tools": [{ "type": "function", "function": { "name": "a" } }],
    }));
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"Hi"}
    systemInstruction: {"parts":[{"text":"Unless you call a tool, answer with one JSON value only, without Markdown. It must match this JSON Schema: {\"type\":\"object\"}"}]}
    tools: [{"functionDeclarations":[{"name":"a"}]}]
    (ignored: response_format)
    "#);
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Hi"}
    tools: [{"functionDeclarations":[{"name":"a"}]}]
    generationConfig: {"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}
    "#);
}

#[test]
fn a_forced_call_needs_no_shape_and_maps_has_its_own_way() {
    let mut body = asking(&json!({
        "response_format": { "type": "json_object" },
        "tools": [{ "type": "function", "function": { "name": "a" } }],
        "tool_choice": "required",
    }));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Hi"}
    tools: [{"functionDeclarations":[{"name":"a"}]}]
    toolConfig: {"functionCallingConfig":{"mode":"ANY"}}
    "#);
    body["tools"] = json!([{ "google_maps": {} }]);
    body["tool_choice"] = json!("auto");
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Hi"}
    tools: [{"googleMaps":{}}]
    generationConfig: {"responseFormat":{"text":{"mimeType":"APPLICATION_JSON"}}}
    "#);
}
