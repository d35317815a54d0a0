//! Messages, blocks, tool calls and their results.

use super::*;
use crate::anthropic::envelope;
use crate::gemini::repair::SENTINEL;

const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

#[test]
fn system_blocks_and_every_kind_of_content_are_carried() {
    let body = json!({
        "model": "claude-sonnet-5", "max_tokens": 9_000,
        "system": [
            { "type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=1f;" },
            { "type": "text", "text": "You are Claude Code.", "cache_control": { "type": "ephemeral" } },
        ],
        "messages": [
            { "role": "user", "content": [
                { "type": "text", "text": "Look:" },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": PNG } },
                { "type": "document", "title": "Note", "context": "of today", "source": { "type": "text", "media_type": "text/plain", "data": "plain" } },
                { "type": "document", "source": { "type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK" } },
                { "type": "document", "source": { "type": "content", "content": [{ "type": "text", "text": "inside" }] } },
                { "type": "document", "source": { "type": "url", "url": "https://example.com/a.pdf" } },
                { "type": "search_result", "source": "https://a.example", "title": "A", "content": [{ "type": "text", "text": "found" }] },
            ] },
            { "role": "assistant", "content": "I see." },
            { "role": "user", "content": "Go on." },
        ],
    });
    let done = translated(&body);
    assert_eq!(done.ignored, ["cache_control", "x-anthropic-billing-header"]);
    let sent = serde_json::to_value(&done.request).unwrap();
    assert_eq!(sent["systemInstruction"]["parts"], json!([{ "text": "You are Claude Code." }]));
    let parts = sent["contents"][0]["parts"].as_array().unwrap();
    let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    assert_eq!(texts, ["Look:", "Note", "of today", "plain", "inside", "A\nhttps://a.example\nfound"]);
    assert_eq!(parts[1]["inlineData"], json!({ "mimeType": "image/png", "data": PNG }));
    let pdf = parts.iter().find(|part| part["inlineData"]["mimeType"] == "application/pdf");
    assert_eq!(pdf.unwrap()["inlineData"]["data"], "JVBERi0xLjQK");
    let file = parts.iter().find_map(|part| part["fileData"]["fileUri"].as_str());
    assert_eq!(file, Some("https://example.com/a.pdf"));
    assert_eq!(sent["contents"][1], json!({ "role": "model", "parts": [{ "text": "I see." }] }));
}

fn with_call(thought: &Value) -> Value {
    let mut blocks = vec![thought.clone()];
    blocks.retain(|block| !block.is_null());
    blocks.push(
        json!({ "type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": { "city": "Rome" } }),
    );
    json!({
        "model": "m", "max_tokens": 9_000,
        "tools": [{ "name": "get_weather", "input_schema": { "type": "object", "properties": { "city": { "type": "string" } } } }],
        "messages": [
            { "role": "user", "content": "The weather?" },
            { "role": "assistant", "content": blocks },
            { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny" }] },
        ],
    })
}

#[test]
fn a_signature_comes_back_from_its_envelope_else_from_the_vault_else_the_sentinel_goes() {
    let kept = Remembered {
        public_id: "toolu_1".to_owned(),
        gemini_id: None,
        name: "get_weather".to_owned(),
        signature: Some("dmF1bHQ=".to_owned()),
    };
    let vault = HashMap::from([("toolu_1".to_owned(), kept)]);
    let ours = json!({ "type": "thinking", "thinking": "hm", "signature": envelope::seal("ZW52ZWxvcGU=") });
    let redacted = json!({ "type": "redacted_thinking", "data": envelope::seal("ZW52ZWxvcGU=") });
    let damaged = json!({ "type": "thinking", "thinking": "hm", "signature": "pollux1.00000000.ZW52" });
    let claudes = json!({ "type": "thinking", "thinking": "hm", "signature": "EqQBCgIYAhIM1gbc" });
    let nobody = HashMap::new();
    for (thought, recall, expected) in [
        (&ours, &nobody, "ZW52ZWxvcGU="),
        (&redacted, &vault, "ZW52ZWxvcGU="),
        (&damaged, &vault, "dmF1bHQ="),
        (&claudes, &nobody, SENTINEL),
        (&Value::Null, &vault, "dmF1bHQ="),
        (&Value::Null, &nobody, SENTINEL),
    ] {
        let done = translate_for("gemini-3.8-flash", &with_call(thought), recall).unwrap();
        let sent = serde_json::to_value(done.request).unwrap();
        let model = &sent["contents"][1]["parts"];
        assert_eq!(model.as_array().unwrap().len(), 1, "the thought's text stays away: {model}");
        assert_eq!(model[0]["thoughtSignature"], expected, "{thought}");
        let user = &sent["contents"][2]["parts"];
        assert_eq!(user[0]["functionResponse"]["response"], json!({ "output": "sunny" }));
    }
}

#[test]
fn results_may_fail_and_hold_images() {
    let mut body = with_call(&Value::Null);
    let mut response = |result: Value| {
        body["messages"][2]["content"] = json!([result]);
        sent(&body)["contents"][2]["parts"][0]["functionResponse"].clone()
    };
    let failed = response(
        json!({ "type": "tool_result", "tool_use_id": "toolu_1", "is_error": true, "content": "no such city" }),
    );
    assert_eq!(failed["response"], json!({ "error": "no such city" }));
    let empty = response(json!({ "type": "tool_result", "tool_use_id": "toolu_1" }));
    assert_eq!(empty["response"], json!({ "output": "" }));
    let image =
        json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": PNG } });
    let seen = response(
        json!({ "type": "tool_result", "tool_use_id": "toolu_1", "content": [{ "type": "text", "text": "here" }, image] }),
    );
    assert_eq!(seen["response"], json!({ "output": "here" }));
    assert_eq!(seen["parts"][0]["inlineData"]["data"], PNG);
}

#[test]
fn what_a_server_ran_is_left_out_by_name() {
    let body = json!({ "model": "m", "max_tokens": 9_000, "messages": [
        { "role": "user", "content": "Search." },
        { "role": "assistant", "content": [
            { "type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": { "query": "x" } },
            { "type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [] },
            { "type": "text", "text": "Found." },
        ] },
        { "role": "user", "content": "More." },
    ] });
    let done = translated(&body);
    assert_eq!(done.ignored, ["messages.server_tool_use", "messages.web_search_tool_result"]);
    assert_eq!(done.request.contents.unwrap()[1].parts().len(), 1);
}

#[test]
fn mistakes_are_named_with_their_path() {
    let long = json!([{ "role": "user", "content": [{ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "@@" } }] }]);
    for (fields, starts) in [
        (json!({ "messages": [] }), "messages: the list is empty"),
        (json!({ "messages": [{ "role": "user" }] }), "messages[0].content: missing"),
        (json!({ "messages": [{ "role": "tool", "content": "x" }] }), "messages[0].role: unknown role"),
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "video" }] }] }),
            "messages[0].content[0].type: unknown block",
        ),
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "tool_use", "id": "a", "name": "f" }] }] }),
            "messages[0].content: a tool_use",
        ),
        (json!({ "messages": long }), "messages[0].content[0].source.data"),
        (json!({ "max_tokens": 0 }), "max_tokens: 0 leaves"),
        (json!({ "tools": [{ "description": "x" }] }), "tools[0].name: missing"),
        (json!({ "tool_choice": { "type": "tool", "name": "nope" } }), "tool_choice: no function"),
        (
            json!({ "thinking": { "type": "enabled", "budget_tokens": "many" } }),
            "thinking.budget_tokens: expected a number",
        ),
        (json!({ "thinking": { "type": "perhaps" } }), "thinking.type: unknown kind"),
        (json!({ "output_config": { "effort": "some" } }), "output_config.effort: unknown effort"),
        (json!({ "stop_sequences": [7] }), "stop_sequences[0]: expected a string"),
    ] {
        let error = translate_for("gemini-3.8-flash", &asking(&fields), &HashMap::new()).unwrap_err();
        assert!(error.message.starts_with(starts), "{fields}: {}", error.message);
        assert_eq!(error.status, 400);
    }
}
