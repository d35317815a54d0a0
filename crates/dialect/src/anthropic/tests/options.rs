//! Parameters, tools, thinking, structured output.

use super::*;

#[test]
fn plain_parameters_are_carried_or_named() {
    let done = translated(&asking(&json!({
        "stop_sequences": ["a", "", "b", "c", "d", "e", "f"], "metadata": { "user_id": "u1" }, "service_tier": "standard_only",
        "mcp_servers": [], "context_management": { "edits": [] }, "inference_geo": null,
    })));
    assert_eq!(done.ignored, ["stop_sequences[6]", "mcp_servers", "context_management"]);
    assert_eq!(done.hints.end_user.as_deref(), Some("u1"));
    let sent = serde_json::to_value(done.request).unwrap();
    assert_eq!(sent["generationConfig"]["stopSequences"], json!(["a", "b", "c", "d", "e"]));
    assert_eq!(sent["generationConfig"]["maxOutputTokens"], 8_192);
    assert_eq!(sent["serviceTier"], "standard");
    let body = asking(&json!({ "temperature": 0.2, "top_p": 0.9, "top_k": 40 }));
    let sent =
        serde_json::to_value(translate_for("gemini-2.5-flash", &body, &HashMap::new()).unwrap().request);
    let config = &sent.unwrap()["generationConfig"];
    assert_eq!(
        (&config["temperature"], &config["topP"], &config["topK"]),
        (&json!(0.2), &json!(0.9), &json!(40))
    );
}

#[test]
fn thinking_goes_by_budget_effort_or_room() {
    let thinking = |id: &str, fields: Value| {
        let done = translate_for(id, &asking(&fields), &HashMap::new()).unwrap();
        let config = done.request.generation_config.unwrap().thinking_config.unwrap();
        let amount = config.thinking_level.or(config.thinking_budget.map(|budget| budget.to_string()));
        (amount.unwrap_or_default(), done.encoding.show_thoughts, done.encoding.signed)
    };
    let enabled = json!({ "thinking": { "type": "enabled", "budget_tokens": 2_000 } });
    for (id, fields, amount, shown, signed) in [
        ("gemini-2.5-flash", enabled.clone(), "2000", true, true),
        ("gemini-3.8-flash", enabled, "MEDIUM", true, true),
        (
            "gemini-3.8-flash",
            json!({ "thinking": { "type": "adaptive" }, "output_config": { "effort": "high" } }),
            "HIGH",
            true,
            true,
        ),
        ("gemini-3.8-flash", json!({ "thinking": { "type": "adaptive" } }), "", true, true),
        (
            "gemini-3.8-flash",
            json!({ "thinking": { "type": "adaptive", "display": "omitted" } }),
            "",
            false,
            true,
        ),
        ("gemini-2.5-flash", json!({ "thinking": { "type": "disabled" } }), "0", false, false),
        ("gemini-2.5-flash", json!({}), "", false, false),
        ("gemini-2.5-flash", json!({ "max_tokens": 500 }), "0", false, false),
        (
            "gemini-2.5-flash",
            json!({ "max_tokens": 500, "thinking": { "type": "adaptive" } }),
            "",
            true,
            true,
        ),
    ] {
        assert_eq!(thinking(id, fields.clone()), (amount.to_owned(), shown, signed), "{id} {fields}");
    }
}

#[test]
fn tools_of_all_three_kinds_are_declared() {
    let own = json!({ "name": "f", "description": "d", "input_schema": { "type": "object", "properties": { "x": { "type": "string" } } }, "cache_control": { "type": "ephemeral" }, "defer_loading": true });
    let done = translated(&asking(&json!({ "tools": [
        own, { "type": "bash_20250124", "name": "bash" }, { "type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 10_000 },
        { "type": "web_search_20250305", "name": "web_search", "max_uses": 8 }, { "type": "web_fetch_20250910", "name": "web_fetch" },
        { "type": "code_execution_20250825", "name": "code_execution" }, { "type": "tool_search_tool_regex_20251119", "name": "search" },
    ] })));
    assert!(done.encoding.web_search);
    assert_eq!(done.ignored, ["cache_control", "tools[3].max_uses", "tools[6]"]);
    let sent = serde_json::to_value(&done.request.tools).unwrap();
    let names: Vec<&str> = sent[0]["functionDeclarations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["f", "bash", "str_replace_based_edit_tool"]);
    let built_ins: Vec<&str> = sent.as_array().unwrap()[1..]
        .iter()
        .filter_map(|tool| tool.as_object()?.keys().next().map(String::as_str))
        .collect();
    assert_eq!(built_ins, ["googleSearch", "urlContext", "codeExecution"]);
}

#[test]
fn a_choice_of_tool_is_kept() {
    let tools = json!([{ "name": "f", "input_schema": { "type": "object" } }, { "name": "g", "input_schema": { "type": "object" } }]);
    for (choice, mode, names, single) in [
        (json!({ "type": "auto" }), Value::Null, Value::Null, false),
        (json!({ "type": "any", "disable_parallel_tool_use": true }), json!("ANY"), Value::Null, true),
        (json!({ "type": "tool", "name": "g" }), json!("ANY"), json!(["g"]), false),
        (json!({ "type": "none" }), json!("NONE"), Value::Null, false),
    ] {
        let done = translated(&asking(&json!({ "tools": tools, "tool_choice": choice })));
        let config =
            serde_json::to_value(&done.request.tool_config).unwrap()["functionCallingConfig"].clone();
        assert_eq!((&config["mode"], &config["allowedFunctionNames"]), (&mode, &names), "{choice}");
        assert_eq!(done.encoding.single_tool_call, single);
    }
    let search = json!({ "tools": [{ "type": "web_search_20250305", "name": "web_search" }], "tool_choice": { "type": "tool", "name": "web_search" } });
    assert_eq!(translated(&asking(&search)).ignored, ["tool_choice"]);
}

#[test]
fn structured_output_is_asked_for_in_either_place() {
    let format = json!({ "type": "json_schema", "schema": { "type": "object", "properties": { "a": { "type": "string" } } } });
    for fields in [json!({ "output_format": format }), json!({ "output_config": { "format": format } })] {
        let done = translated(&asking(&fields));
        assert!(done.encoding.json_mode);
        let config = done.request.generation_config.unwrap();
        assert_eq!(config.response_mime_type.as_deref(), Some("application/json"));
        assert_eq!(config.response_json_schema.unwrap()["properties"]["a"]["type"], "string");
    }
    let beside = asking(
        &json!({ "output_format": format, "tools": [{ "name": "f", "input_schema": { "type": "object" } }] }),
    );
    let done = translate_for("gemini-2.5-flash", &beside, &HashMap::new()).unwrap();
    assert_eq!(done.ignored, ["output_config.format"]);
}
