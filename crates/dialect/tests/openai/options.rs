//! What the request decides about the answer.

use std::collections::HashMap;

use dialect::openai::chat::warning::Warning;
use dialect::openai::chat::whole::completion;
use serde_json::json;

use super::*;

fn answer(parts: Value) -> Value {
    json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}], "responseId": "r1"})
}

/// The message, after the stream of the same event was checked against it.
fn message(parts: Value, encoding: &Encoding) -> Value {
    let events = [answer(parts)];
    stream(&events, encoding);
    whole(&events, encoding)["choices"][0]["message"].clone()
}

fn call(name: &str, args: Value) -> Value {
    json!({"functionCall": {"name": name, "args": args}})
}

#[test]
fn custom_tools_and_renamed_tools_go_by_the_clients_names() {
    let encoding = Encoding {
        renamed_tools: HashMap::from([("look_up_1a2b".to_owned(), "look up!".to_owned())]),
        custom_tools: vec!["sql".to_owned()],
        ..encoding()
    };
    let calls = json!([
        call("look_up_1a2b", json!({"q": 1})), call("sql", json!({"input": "SELECT 1"})), call("sql", json!({"oops": 2})),
        {"functionCall": {"name": "sql"}},
    ]);
    insta::assert_snapshot!(message(calls.clone(), &encoding)["tool_calls"], @r#"[{"id":"call_IlOKT6hnPpTWqhtVnpLX7Q0y","type":"function","function":{"name":"look up!","arguments":"{\"q\":1}"}},{"id":"call_7p1XtOmUymoI0IgiJA42Ju0c","type":"custom","custom":{"name":"sql","input":"SELECT 1"}},{"id":"call_O8X6NpfgTpCobFOXJ5bKKPjy","type":"custom","custom":{"name":"sql","input":"{\"oops\":2}"}},{"id":"call_zfkBa64Qz6zPB5FhoaEKobq8","type":"custom","custom":{"name":"sql","input":""}}]"#);
    let remembered = completion(&event(&answer(calls)), &encoding, STAMP).remembered;
    assert_eq!(remembered[0].name, "look_up_1a2b", "the vault keeps Gemini's name");
}

#[test]
fn calls_are_remembered_with_their_signature() {
    let parts = json!([
        {"functionCall": {"id": "g1", "name": "f"}, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "f"}},
    ]);
    let whole = completion(&event(&answer(parts.clone())), &encoding(), STAMP);
    let (mut encoder, mut out) = (Encoder::new(encoding(), STAMP), Vec::new());
    encoder.push(&event(&answer(parts)), &mut out);
    assert_eq!(encoder.remembered(), whole.remembered);
    assert_eq!(encoder.remembered(), [], "drained");
    let [first, second] = whole.remembered.try_into().unwrap();
    assert_eq!((first.public_id.as_str(), first.gemini_id.as_deref()), ("g1", Some("g1")));
    assert_eq!((first.signature.as_deref(), second.signature), (Some("c2ln"), None));
    assert!(second.public_id.starts_with("call_") && second.gemini_id.is_none());
}

#[test]
fn legacy_functions_know_one_call() {
    let encoding = Encoding { legacy_functions: true, ..encoding() };
    let events = [answer(
        json!([{"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}, call("g", json!({}))]),
    )];
    insta::assert_snapshot!(brief(&stream(&events, &encoding).0), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"function_call":{"name":"f","arguments":"{\"a\":1}","extra_content":{"google":{"thought_signature":"c2ln"}}}},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"function_call"}],"usage":null}
        [DONE]
    "#);
    insta::assert_snapshot!(whole(&events, &encoding)["choices"][0], @r#"{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"function_call":{"name":"f","arguments":"{\"a\":1}","extra_content":{"google":{"thought_signature":"c2ln"}}}},"logprobs":null,"finish_reason":"function_call"}"#);
}

#[test]
fn a_single_call_is_enforced_and_noted() {
    let encoding = Encoding { single_tool_call: true, ..encoding() };
    let parts = json!([call("f", json!({})), call("g", json!({})), call("h", json!({}))]);
    assert_eq!(message(parts.clone(), &encoding)["tool_calls"].as_array().unwrap().len(), 1);
    let whole = completion(&event(&answer(parts)), &encoding, STAMP);
    assert_eq!(body(&whole)["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(whole.warnings, [Warning::CallsDropped]);
}

#[test]
fn thoughts_are_shown_on_request_only() {
    let parts = json!([{"text": "hm", "thought": true}, {"text": "yes"}]);
    assert_eq!(message(parts.clone(), &encoding())["reasoning"], "hm");
    let silent = Encoding { show_thoughts: false, ..encoding() };
    assert_eq!(message(parts, &silent), json!({"role": "assistant", "content": "yes", "refusal": null}));
}

#[test]
fn json_mode_takes_fences_off_and_puts_nothing_between() {
    let encoding = Encoding { json_mode: true, append_sources: true, ..encoding() };
    let parts = json!([
        {"executableCode": {"code": "1"}}, {"text": "```json\n{\"a\": "}, {"text": "1}\n```"},
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
    ]);
    let message = message(parts, &encoding);
    assert_eq!(message["content"], "{\"a\": 1}");
    assert_eq!(message["images"].as_array().unwrap().len(), 1);
}

#[test]
fn sounds_are_joined_as_bytes_and_named_once() {
    let sound = |data: &str| json!({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": data}});
    let events = [answer(json!([sound("AQ=="), sound("AgM")]))];
    insta::assert_snapshot!(whole(&events, &encoding())["choices"][0]["message"], @r#"{"role":"assistant","content":null,"refusal":null,"audio":{"id":"audio_IlOKT6hnPpTWqhtVnpLX7Q0y","data":"AQID","transcript":"","expires_at":1790003600,"mime_type":"audio/L16;rate=24000"}}"#);
    insta::assert_snapshot!(brief(&stream(&events, &encoding()).0), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"audio":{"id":"audio_IlOKT6hnPpTWqhtVnpLX7Q0y","data":"AQ==","transcript":"","expires_at":1790003600,"mime_type":"audio/L16;rate=24000"}},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"audio":{"data":"AgM"}},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}
        [DONE]
    "#);
}

#[test]
fn logprobs_are_aligned_with_their_rivals() {
    let mut event = answer(json!([{"text": "Hé"}]));
    event["candidates"][0]["logprobsResult"] = json!({
        "chosenCandidates": [{"token": "H", "tokenId": 1, "logProbability": -0.25}, {"token": "é", "tokenId": 2}],
        "topCandidates": [{"candidates": [{"token": "H", "logProbability": -0.25}, {"token": "h", "logProbability": -1.5}]}],
    });
    let events = [event];
    stream(&events, &encoding());
    insta::assert_snapshot!(whole(&events, &encoding())["choices"][0]["logprobs"], @r#"{"content":[{"token":"H","logprob":-0.25,"bytes":[72],"top_logprobs":[{"token":"H","logprob":-0.25,"bytes":[72]},{"token":"h","logprob":-1.5,"bytes":[104]}]},{"token":"é","logprob":0.0,"bytes":[195,169],"top_logprobs":[]}],"refusal":null}"#);
}

#[test]
fn sources_are_appended_on_request() {
    let mut event = answer(json!([{"text": "Tides come twice a day."}]));
    event["candidates"][0]["groundingMetadata"] = json!({"groundingChunks": [
        {"web": {"uri": "https://t.example/1", "title": "Ti[de]s"}}, {"web": {"uri": "https://t.example/1", "title": "Ti[de]s"}},
        {"maps": {"uri": "https://m.example/2", "title": "Pier"}},
    ]});
    let encoding = Encoding { append_sources: true, ..encoding() };
    let (_, client) = stream(&[event], &encoding);
    insta::assert_snapshot!(client.choices[0].text("content"), @r#"
        Tides come twice a day.

        Sources:
        1. [Ti de s](https://t.example/1)
        2. [Pier](https://m.example/2)
    "#);
    assert_eq!(client.choices[0].message["annotations"], json!([]));
}

#[test]
fn urls_read_and_server_side_tools_stay_out_of_the_text() {
    let mut event = answer(json!([
        {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB"}, "thoughtSignature": "dG9vbA=="},
        {"toolResponse": {"id": "t"}, "thoughtSignature": "dG9vbA=="}, {"text": "read it"},
    ]));
    event["candidates"][0]["urlContextMetadata"] =
        json!({"urlMetadata": [{"retrievedUrl": "https://u.example"}]});
    let events = [event];
    stream(&events, &encoding());
    insta::assert_snapshot!(whole(&events, &encoding())["choices"][0]["message"], @r#"{"role":"assistant","content":"read it","refusal":null,"extra_content":{"google":{"url_context_metadata":{"urlMetadata":[{"retrievedUrl":"https://u.example"}]}}}}"#);
}

#[test]
fn text_data_and_signature_of_one_part_are_all_kept() {
    let part =
        json!({"text": "both", "functionCall": {"name": "f", "args": [1]}, "thoughtSignature": "c2ln"});
    insta::assert_snapshot!(message(json!([part]), &encoding()), @r#"{"role":"assistant","content":"both","refusal":null,"tool_calls":[{"id":"call_IlOKT6hnPpTWqhtVnpLX7Q0y","type":"function","function":{"name":"f","arguments":"[1]"},"extra_content":{"google":{"thought_signature":"c2ln"}}}]}"#);
}

#[test]
fn an_id_is_made_when_google_gives_none_and_parts_of_tomorrow_are_noted() {
    let answer = json!({"candidates": [{"content": {"parts": [{"hologram": {}}, {"text": "x"}]}, "finishReason": "STOP"}]});
    let whole = completion(&event(&answer), &encoding(), STAMP);
    assert_eq!(whole.warnings, [Warning::UnknownPart]);
    let id = |seed: u128| {
        let body = completion(&event(&answer), &encoding(), Stamp { seed, ..STAMP }).body;
        serde_json::from_str::<Value>(&body).unwrap()["id"].as_str().unwrap().to_owned()
    };
    assert!(id(1).starts_with("chatcmpl-") && id(1) == id(1) && id(1) != id(2));
}
