//! Tools and tool choice (R7, R17, R18, R19).

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::models::{gen3, gen25_flash};
use super::{asking, refused, sent, translate, translate_with};
use crate::openai::chat::Policy;

fn function(name: &str) -> Value {
    json!({ "type": "function", "function": { "name": name, "parameters": {} } })
}

#[test]
fn all_functions_in_one_tool_with_their_schemas() {
    let body = asking(&json!({ "tools": [
        { "type": "function", "function": { "name": "a", "description": "", "parameters": null } },
        { "type": "function", "function": { "name": "b", "description": "B.", "strict": false, "parameters": {
            "$schema": "x", "type": "object", "properties": { "q": { "type": "string", "minLength": 1 } },
            "required": ["q"], "additionalProperties": false } } },
        { "type": "function", "name": "flat", "parameters": { "type": "object", "properties": {} } },
        { "type": "function", "function": { "name": "a" } },
    ]}));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Hi"}
    tools: [{"functionDeclarations":[{"name":"a"},{"name":"b","description":"B.","parametersJsonSchema":{"type":"object","properties":{"q":{"type":"string","description":"minLength: 1"}},"additionalProperties":false,"required":["q"]}},{"name":"flat","parametersJsonSchema":{"type":"object","properties":{}}}]}]
    (ignored: tools[3])
    "#);
}

#[test]
fn r7_tool_choice() {
    let tools = json!([function("a"), function("b c"), { "type": "custom", "custom": { "name": "k" } }]);
    let choices = [
        Value::Null,
        json!("auto"),
        json!("none"),
        json!("required"),
        json!("any"),
        json!({ "type": "function", "function": { "name": "b c" } }),
        json!({ "type": "custom", "custom": { "name": "k" } }),
        json!({ "type": "allowed_tools", "allowed_tools": { "mode": "required", "tools": [function("a")] } }),
        json!({ "type": "allowed_tools", "allowed_tools": { "mode": "auto", "tools": [function("b c")] } }),
        json!({ "type": "web_search" }),
    ];
    let mut all = String::new();
    for (name, model) in [("3", gen3()), ("2.5", gen25_flash())] {
        for choice in &choices {
            let body = asking(&json!({ "tools": tools, "tool_choice": choice }));
            let request = translate(&model, &body).unwrap().request;
            let functions = request.tools.unwrap()[0].function_declarations.as_ref().unwrap().len();
            let config = serde_json::to_string(&request.tool_config).unwrap();
            writeln!(all, "{name} {choice}: {functions} {config}").unwrap();
        }
    }
    insta::assert_snapshot!(all, @r#"
    3 null: 3 null
    3 "auto": 3 null
    3 "none": 3 {"functionCallingConfig":{"mode":"NONE"}}
    3 "required": 3 {"functionCallingConfig":{"mode":"ANY"}}
    3 "any": 3 {"functionCallingConfig":{"mode":"ANY"}}
    3 {"type":"function","function":{"name":"b c"}}: 3 {"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["b_c"]}}
    3 {"type":"custom","custom":{"name":"k"}}: 3 {"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["k"]}}
    3 {"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"a","parameters":{}}}]}}: 3 {"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["a"]}}
    3 {"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"b c","parameters":{}}}]}}: 3 {"functionCallingConfig":{"mode":"VALIDATED","allowedFunctionNames":["b_c"]}}
    3 {"type":"web_search"}: 3 null
    2.5 null: 3 null
    2.5 "auto": 3 null
    2.5 "none": 3 {"functionCallingConfig":{"mode":"NONE"}}
    2.5 "required": 3 {"functionCallingConfig":{"mode":"ANY"}}
    2.5 "any": 3 {"functionCallingConfig":{"mode":"ANY"}}
    2.5 {"type":"function","function":{"name":"b c"}}: 3 {"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["b_c"]}}
    2.5 {"type":"custom","custom":{"name":"k"}}: 3 {"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["k"]}}
    2.5 {"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"a","parameters":{}}}]}}: 3 {"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["a"]}}
    2.5 {"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"b c","parameters":{}}}]}}: 1 null
    2.5 {"type":"web_search"}: 3 null
    "#);
}

#[test]
fn a_choice_that_cannot_be_is_refused() {
    let cases = [
        json!({ "tools": [function("a")], "tool_choice": { "type": "function", "function": { "name": "z" } } }),
        json!({ "tools": [function("a")], "tool_choice": "perhaps" }),
        json!({ "tools": [function("a")], "tool_choice": { "type": "function" } }),
        json!({ "tools": [function("a")], "tool_choice": { "type": "allowed_tools", "mode": "all" } }),
        json!({ "tool_choice": "required" }),
        json!({ "tools": [{ "type": "function", "function": {} }] }),
        json!({ "tools": [{ "type": "function", "function": { "name": "a", "parameters": [1] } }] }),
        json!({ "tools": (0..513).map(|i| function(&format!("f{i}"))).collect::<Vec<_>>() }),
        json!({ "tools": { "a": 1 } }),
    ];
    let all: Vec<String> = cases.iter().map(|fields| refused(&gen3(), &asking(fields))).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    tool_choice: no tool named "z" is declared in tools.
    tool_choice: unknown choice "perhaps"; use auto, none, required or name a function.
    tool_choice.function.name: missing. Name the function to call.
    tool_choice.mode: unknown mode "all"; use auto or required.
    tool_choice: no function is declared; send tools, or leave this out.
    tools[0].function.name: missing. Name the function.
    tools[0].function.parameters: expected a JSON Schema (an object), got a list.
    tools: Gemini takes 512 functions at most.
    tools: expected a list, got an object.
    "#);
}

#[test]
fn built_in_tools_in_all_spellings() {
    let spellings = [
        json!({ "type": "web_search" }),
        json!({ "type": "web_search_preview_2025_03_11", "search_context_size": "low" }),
        json!({ "type": "google_search" }),
        json!({ "google_search": {} }),
        json!({ "googleSearch": { "timeRangeFilter": {} } }),
        json!({ "type": "url_context" }),
        json!({ "urlContext": {} }),
        json!({ "type": "code_interpreter", "container": { "type": "auto" } }),
        json!({ "code_execution": null, "codeExecution": {} }),
        json!({ "googleMaps": { "enableWidget": true } }),
        json!({ "type": "file_search", "vector_store_ids": ["fileSearchStores/x"] }),
        json!({ "type": "mcp", "server_url": "https://a" }),
    ];
    let mut all = String::new();
    for tool in spellings {
        let translated = translate(&gen3(), &asking(&json!({ "tools": [tool] }))).unwrap();
        let tools = serde_json::to_string(&translated.request.tools).unwrap();
        writeln!(all, "{tool} → {tools} {:?}", translated.ignored).unwrap();
    }
    insta::assert_snapshot!(all, @r#"
    {"type":"web_search"} → [{"googleSearch":{}}] []
    {"type":"web_search_preview_2025_03_11","search_context_size":"low"} → [{"googleSearch":{}}] []
    {"type":"google_search"} → [{"googleSearch":{}}] []
    {"google_search":{}} → [{"googleSearch":{}}] []
    {"googleSearch":{"timeRangeFilter":{}}} → [{"googleSearch":{"timeRangeFilter":{}}}] []
    {"type":"url_context"} → [{"urlContext":{}}] []
    {"urlContext":{}} → [{"urlContext":{}}] []
    {"type":"code_interpreter","container":{"type":"auto"}} → [{"codeExecution":{}}] []
    {"code_execution":null,"codeExecution":{}} → [{"codeExecution":{}}] []
    {"googleMaps":{"enableWidget":true}} → [{"googleMaps":{"enableWidget":true}}] []
    {"type":"file_search","vector_store_ids":["fileSearchStores/x"]} → [{"fileSearch":{"fileSearchStoreNames":["fileSearchStores/x"]}}] []
    {"type":"mcp","server_url":"https://a"} → null ["tools[0]"]
    "#);
}

#[test]
fn functions_and_built_in_tools_mix_on_newer_models_only() {
    let body = asking(&json!({
        "tools": [function("a"), { "type": "web_search" }, { "url_context": {} }],
        "web_search_options": { "search_context_size": "low", "user_location": { "type": "approximate",
            "approximate": { "latitude": 1.5, "longitude": 2 } } },
    }));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Hi"}
    tools: [{"functionDeclarations":[{"name":"a"}]},{"googleSearch":{}},{"urlContext":{}}]
    toolConfig: {"functionCallingConfig":{"mode":"VALIDATED"},"includeServerSideToolInvocations":true,"retrievalConfig":{"latLng":{"latitude":1.5,"longitude":2}}}
    (ignored: web_search_options)
    "#);
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"Hi"}
    tools: [{"functionDeclarations":[{"name":"a"}]}]
    (ignored: web_search_options, tools[1], tools[2])
    "#);
    let mut none = body;
    none["tool_choice"] = json!("none");
    insta::assert_snapshot!(sent(&gen3(), &none), @r#"
    user: {"text":"Hi"}
    tools: [{"functionDeclarations":[{"name":"a"}]}]
    toolConfig: {"functionCallingConfig":{"mode":"NONE"}}
    (ignored: web_search_options)
    "#);
}

#[test]
fn strict_functions_are_validated() {
    let tools = json!([{ "type": "function", "function": { "name": "a", "strict": true } }]);
    insta::assert_snapshot!(sent(&gen25_flash(), &asking(&json!({ "tools": tools }))), @r#"
    user: {"text":"Hi"}
    tools: [{"functionDeclarations":[{"name":"a"}]}]
    toolConfig: {"functionCallingConfig":{"mode":"VALIDATED"}}
    "#);
}

#[test]
fn r17_names_are_made_legal_and_found_again() {
    let tools = json!([function("my tool"), function("my_tool"), function("查"), function("ok-1.2:x")]);
    let translated = translate(&gen3(), &asking(&json!({ "tools": tools }))).unwrap();
    let declared = translated.request.tools.unwrap()[0].function_declarations.clone().unwrap();
    let names: Vec<String> = declared.into_iter().map(|declared| declared.name.unwrap()).collect();
    insta::assert_snapshot!(names.join(" "), @"my_tool_221a068b my_tool _ ok-1.2:x");
    let renamed = &translated.encoding.renamed_tools;
    assert_eq!(renamed.len(), 2);
    assert_eq!(renamed[&names[0]], "my tool");
    assert_eq!(renamed[&names[2]], "查");
}

#[test]
fn r18_custom_tools_become_functions_of_one_string() {
    let body = json!({ "model": "m",
        "tools": [{ "type": "custom", "custom": { "name": "sql", "description": "Runs SQL.",
            "format": { "type": "grammar", "grammar": { "syntax": "lark", "definition": "start: X" } } } }],
        "messages": [
            { "role": "user", "content": "Go" },
            { "role": "assistant", "tool_calls": [{ "id": "a", "type": "custom", "custom": { "name": "sql", "input": "SELECT 1" } }] },
            { "role": "tool", "tool_call_id": "a", "content": "1" },
        ] });
    let translated = translate(&gen25_flash(), &body).unwrap();
    assert_eq!(translated.encoding.custom_tools, ["sql"]);
    insta::assert_snapshot!(super::lines(&translated), @r#"
    user: {"text":"Go"}
    model: {"functionCall":{"name":"sql","args":{"input":"SELECT 1"}}}
    user: {"functionResponse":{"name":"sql","response":{"output":"1"}}}
    tools: [{"functionDeclarations":[{"name":"sql","description":"Runs SQL.\nThe input must match this lark grammar:\nstart: X","parametersJsonSchema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}]}]
    "#);
}

#[test]
fn r19_legacy_functions() {
    let body = json!({ "model": "m",
        "functions": [{ "name": "f", "parameters": { "type": "object", "properties": {} } }, { "name": "g" }],
        "function_call": { "name": "f" },
        "messages": [
            { "role": "user", "content": "Go" },
            { "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": "{\"x\":1}" } },
            { "role": "function", "name": "f", "content": "21" },
            { "role": "function", "name": "nobody", "content": "22" },
        ] });
    let translated = translate(&gen25_flash(), &body).unwrap();
    assert!(translated.encoding.legacy_functions);
    insta::assert_snapshot!(super::lines(&translated), @r#"
    user: {"text":"Go"}
    model: {"functionCall":{"name":"f","args":{"x":1}}}
    user: {"functionResponse":{"name":"f","response":{"output":"21"}}}
    user: {"text":"Result of nobody: 22"}
    tools: [{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object","properties":{}}},{"name":"g"}]}]
    toolConfig: {"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}
    "#);
}

#[test]
fn one_call_at_a_time_is_left_to_the_answer_side() {
    let body = asking(&json!({ "tools": [function("a")], "parallel_tool_calls": false }));
    let translated = translate(&gen3(), &body).unwrap();
    assert!(translated.encoding.single_tool_call);
    assert!(translated.ignored.is_empty());
}

#[test]
fn a_strict_operator_refuses_what_would_be_ignored() {
    let policy = Policy { strict_params: true, ..Policy::default() };
    let body = asking(&json!({ "tools": [function("a"), function("a")] }));
    let error = translate_with(&gen3(), &policy, &body).unwrap_err();
    insta::assert_snapshot!(error.message, @r#"tools[1]: "a" is declared twice. Leave it out."#);
}
