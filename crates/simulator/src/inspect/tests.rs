//! One row per refusal: the model, what is added to a good request, and the words of the answer.

use serde_json::{Value, json};

use super::*;
use crate::field;
use crate::signature::Notary;

fn message(model: &str, changes: &Value) -> String {
    let mut body = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let body = field::canonical("generateContent", body).unwrap();
    let model = crate::model::find(model).unwrap();
    let court = Court { model, notary: Notary { seed: 0, bind_to_project: false }, project: 0 };
    generate(court, &body)
        .err()
        .map_or_else(String::new, |refusal| refusal.json()["error"]["message"].as_str().unwrap().to_owned())
}

fn config(name: &str, value: &Value) -> Value {
    json!({"generationConfig": {name: value}})
}

fn thinking(value: &Value) -> Value {
    config("thinkingConfig", value)
}

fn check(rows: &[(&str, Value, &str)]) {
    for (model, changes, expected) in rows {
        let message = message(model, changes);
        let fits = if expected.is_empty() { message.is_empty() } else { message.contains(expected) };
        assert!(fits, "{model} {changes}\n{message:?} != {expected:?}");
    }
}

#[test]
fn thinking_is_validated_per_model() {
    let minimal = || thinking(&json!({"thinkingLevel": "minimal"}));
    let budget = |number: i64| thinking(&json!({ "thinkingBudget": number }));
    check(&[
        ("gemini-3.7-flash", minimal(), "Thinking level MINIMAL is not supported"),
        ("gemini-3.8-flash", minimal(), "Thinking level MINIMAL is not supported"),
        ("gemini-4-argon", minimal(), "Thinking level MINIMAL is not supported"),
        ("gemini-3.1-pro-preview", minimal(), "Thinking level MINIMAL is not supported"),
        ("gemini-3.6-flash", minimal(), ""),
        ("gemini-3-pro-image", thinking(&json!({"thinkingLevel": "MEDIUM"})), "MEDIUM is not supported"),
        ("gemini-2.5-flash", thinking(&json!({"thinkingLevel": "low"})), "Thinking level is not supported"),
        (
            "gemini-3.8-flash",
            thinking(&json!({"thinkingLevel": "low", "thinkingBudget": 5})),
            "thinking_budget and thinking_level",
        ),
        ("gemini-2.5-pro", budget(0), "Budget 0 is invalid. This model only works in thinking mode."),
        ("gemini-2.5-pro", budget(100), "The thinking budget (100) is invalid"),
        ("gemini-2.5-pro", budget(32_768), ""),
        ("gemini-2.5-flash", budget(0), ""),
        ("gemini-2.5-flash", budget(30_000), "The thinking budget (30000) is invalid"),
        ("gemini-2.5-flash-lite", budget(100), "The thinking budget (100) is invalid"),
        ("gemini-2.5-flash-lite", budget(-1), ""),
        ("gemini-3.5-flash-lite", budget(0), "Budget 0 is invalid"),
        ("gemini-3.8-flash", budget(1024), ""),
        ("gemma-4-31b-it", thinking(&json!({"includeThoughts": true})), "Thinking is not enabled"),
    ]);
}

#[test]
fn generation_config_is_validated() {
    check(&[
        ("gemini-2.5-flash", config("presencePenalty", &json!(0.5)), "Penalty is not enabled for"),
        ("gemini-2.5-flash", config("presencePenalty", &json!(0.0)), ""),
        ("gemini-3.8-flash", config("responseLogprobs", &json!(true)), "Logprobs is not enabled for"),
        (
            "gemini-3.8-flash",
            config("candidateCount", &json!(2)),
            "Multiple candidates is not enabled for this model",
        ),
        ("gemini-2.5-flash", config("candidateCount", &json!(8)), ""),
        ("gemini-2.5-flash", config("candidateCount", &json!(9)), "candidate_count must be in the range"),
        (
            "gemini-3.8-flash",
            config("maxOutputTokens", &json!(70_000)),
            "Request contains an invalid argument.",
        ),
        ("gemini-3.8-flash", config("maxOutputTokens", &json!(0)), "must be positive"),
        ("gemini-3.8-flash", config("seed", &json!(4_294_967_296_i64)), "TYPE_INT32"),
        ("gemini-3.8-flash", config("stopSequences", &json!(["a", "b", "c", "d", "e", "f"])), "at most 5"),
        ("gemini-3.8-flash", config("temperature", &json!(3)), "temperature value of 3"),
        ("gemini-3.8-flash", config("responseMimeType", &json!("text/html")), "allowed mimetypes"),
        (
            "gemini-3.8-flash",
            config("responseJsonSchema", &json!({})),
            "only allowed when response_mime_type",
        ),
        (
            "gemini-2.5-flash-image",
            config("responseMimeType", &json!("application/json")),
            "JSON mode is not enabled",
        ),
        ("gemini-3.8-flash-tts", json!({}), "requested combination of response modalities (TEXT)"),
        (
            "gemini-3.8-flash",
            config("responseModalities", &json!(["AUDIO"])),
            "requested combination of response modalities (AUDIO)",
        ),
        (
            "gemma-4-31b-it",
            json!({"systemInstruction": {"parts": [{"text": "x"}]}}),
            "Developer instruction is not enabled for",
        ),
    ]);
}

#[test]
fn tools_are_validated() {
    let function = |name: &str| json!({"functionDeclarations": [{"name": name}]});
    let mode = |mode: &str, allowed: &Value| json!({"tools": [function("f")], "toolConfig": {"functionCallingConfig": {"mode": mode, "allowedFunctionNames": allowed}}});
    let mixed = json!({"tools": [function("f"), {"googleSearch": {}}]});
    check(&[
        ("gemini-3.8-flash", json!({"tools": [function("2x")]}), "Invalid function name"),
        (
            "gemini-3.8-flash",
            json!({"tools": [function("f"), function("f")]}),
            "Duplicate function declaration found: f",
        ),
        (
            "gemini-3.8-flash",
            mode("AUTO", &json!(["f"])),
            "allowed_function_names should be set only when mode is",
        ),
        ("gemini-3.8-flash", mode("ANY", &json!(["g"])), "is not declared"),
        ("gemini-3.8-flash", mode("VALIDATED", &json!(["f"])), ""),
        ("gemini-3.8-flash", mode("SOME", &json!([])), "Invalid value at 'tool_config"),
        ("gemini-2.5-flash", mixed.clone(), "Tool use with function calling is unsupported"),
        ("gemini-3.8-flash", mixed, "include_server_side_tool_invocations"),
        (
            "gemini-2.5-flash",
            json!({"toolConfig": {"includeServerSideToolInvocations": true}}),
            "Tool call context circulation is not enabled",
        ),
        (
            "gemini-2.5-flash",
            json!({"tools": [function("f")], "generationConfig": {"responseMimeType": "application/json"}}),
            "Function calling with a response mime type: 'application/json' is unsupported",
        ),
        (
            "gemini-2.5-flash",
            json!({"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", "properties": {}}}]}]}),
            "should be non-empty for OBJECT type",
        ),
        (
            "gemini-2.5-flash",
            json!({"tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"type": "object", "properties": {}}}]}]}),
            "",
        ),
    ]);
}

#[test]
fn contents_are_validated() {
    let parts = |parts: Value| json!({"contents": [{"role": "user", "parts": parts}]});
    let image = |mime: &str, data: &str| {
        parts(json!([{"text": "x"}, {"inlineData": {"mimeType": mime, "data": data}}]))
    };
    let model = "gemini-3.8-flash";
    check(&[
        (model, json!({"contents": []}), "contents is not specified"),
        (model, parts(json!([])), "contents.parts must not be empty"),
        (model, parts(json!([{}])), "required oneof field 'data'"),
        (model, parts(json!([{"text": ""}])), "it must have a text parameter"),
        (
            model,
            parts(json!([{"text": "a", "functionCall": {"name": "f"}}])),
            "oneof field 'data' is already set",
        ),
        (
            model,
            json!({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}),
            "Please use a valid role",
        ),
        (model, image("image/png", "!!"), "Base64 decoding failed"),
        (model, image("image/tiff", "AAAA"), "Unsupported MIME type: image/tiff"),
        (model, image("image/png", "AAAA"), "Unable to process input image"),
        (model, image("image/png", "iVBORw0KGgo="), ""),
    ]);
}
