//! Roles, turns, empty strings (R1, R20).

use serde_json::json;

use super::models::{gemma, gen3, gen25_flash};
use super::{chat, refused, sent, translate};

#[test]
fn r1_system_messages_are_hoisted_wherever_they_stand() {
    let body = chat(&json!([
        { "role": "system", "content": "One." },
        { "role": "user", "content": "Hi", "name": "ann" },
        { "role": "assistant", "content": "Hello." },
        { "role": "developer", "content": [{ "type": "text", "text": "Two." }, { "type": "text", "text": "" }] },
        { "role": "user", "content": [{ "type": "text", "text": "And?" }, { "type": "text", "text": "" }] },
    ]));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Hi"}
    model: {"text":"Hello."}
    user: {"text":"And?"}
    systemInstruction: {"parts":[{"text":"One."},{"text":"Two."}]}
    (ignored: messages.name)
    "#);
}

#[test]
fn a_model_without_system_instruction_reads_it_first() {
    let body = chat(&json!([{ "role": "user", "content": "Hi" }, { "role": "system", "content": "One." }]));
    insta::assert_snapshot!(sent(&gemma(), &body), @r#"user: {"text":"One."} {"text":"Hi"}"#);
}

#[test]
fn only_system_becomes_user() {
    let body =
        chat(&json!([{ "role": "system", "content": "One." }, { "role": "system", "content": "Two." }]));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"user: {"text":"One."} {"text":"Two."}"#);
}

#[test]
fn r20_empty_contents_never_reach_gemini() {
    let body = chat(&json!([
        { "role": "system", "content": "" },
        { "role": "user", "content": "" },
        { "role": "assistant", "content": null },
        { "role": "assistant", "content": "" },
        { "role": "user", "content": [] },
    ]));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"user: {"text":" "}"#);
    let body = chat(&json!([{ "role": "assistant", "content": null }]));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"user: {"text":" "}"#);
}

#[test]
fn adjacent_turns_merge_and_the_first_is_the_users() {
    let body = chat(&json!([
        { "role": "assistant", "content": "Welcome." },
        { "role": "assistant", "content": [{ "type": "refusal", "refusal": "Not that." }] },
        { "role": "user", "content": "A" },
        { "role": "user", "content": "B" },
        { "role": "assistant", "content": "C", "refusal": "D" },
        { "role": "user", "content": "E" },
    ]));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":" "}
    model: {"text":"Welcome."} {"text":"Not that."}
    user: {"text":"A"} {"text":"B"}
    model: {"text":"C"} {"text":"D"}
    user: {"text":"E"}
    "#);
}

#[test]
fn signed_turns_keep_their_own_content() {
    let signed = json!({ "google": { "thought_signature": "c2ln" } });
    let body = chat(&json!([
        { "role": "user", "content": "A" },
        { "role": "assistant", "content": "B", "reasoning_content": "Hm.", "extra_content": signed },
        { "role": "assistant", "content": "C" },
        { "role": "user", "content": "D" },
    ]));
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"A"}
    model: {"text":"Hm.","thought":true} {"text":"B","thoughtSignature":"c2ln"}
    model: {"text":"C"}
    user: {"text":"D"}
    "#);
}

#[test]
fn a_prefill_is_kept_where_models_continue_it() {
    let body = chat(&json!([
        { "role": "user", "content": "Count" },
        { "role": "assistant", "content": "1, 2," },
    ]));
    insta::assert_snapshot!(sent(&gen25_flash(), &body), @r#"
    user: {"text":"Count"}
    model: {"text":"1, 2,"}
    "#);
    insta::assert_snapshot!(sent(&gen3(), &body), @r#"
    user: {"text":"Count"}
    model: {"text":"1, 2,"}
    user: {"text":"Continue."}
    "#);
}

#[test]
fn refusals_name_the_field_and_the_way_out() {
    let cases = [
        json!([{ "role": "pope", "content": "Hi" }]),
        json!([{ "content": "Hi" }]),
        json!([{ "role": "user", "content": 5 }]),
        json!([{ "role": "user", "content": [{ "type": "hologram" }] }]),
        json!([{ "role": "user", "content": [{ "text": "Hi" }] }]),
        json!([{ "role": "user", "content": [{ "type": "text" }] }]),
        json!([{ "role": "system", "content": [{ "type": "image_url", "image_url": { "url": "https://a/b.png" } }] }]),
        json!([{ "role": "assistant", "audio": { "id": "audio_1" } }]),
        json!([{ "role": "assistant", "tool_calls": [{ "id": "a", "type": "function" }] }]),
        json!(["Hi"]),
    ];
    let all: Vec<String> = cases.iter().map(|messages| refused(&gen3(), &chat(messages))).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    messages[0].role: unknown role "pope". Use system, developer, user, assistant or tool.
    messages[0].role: missing. Use system, developer, user, assistant or tool.
    messages[0].content: expected a string or a list of parts, got a number.
    messages[0].content[0].type: unknown part type "hologram". Use text, image_url, input_audio, file or video_url.
    messages[0].content[0].type: missing. Use text, image_url, input_audio, file or video_url.
    messages[0].content[0].text: missing. A part of this type holds a string here.
    messages[0].content: system messages hold text only; send media as user.
    messages[0].audio: spoken answers are not kept; send the transcript as content.
    messages[0].tool_calls[0].function: missing. A tool call holds {name, arguments} here.
    messages[0]: expected an object, got a string.
    "#);
}

#[test]
fn echoed_messages_of_the_sdk_are_fine() {
    let body = chat(&json!([
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "Hello.", "refusal": null, "annotations": null, "audio": null,
          "function_call": null, "tool_calls": null, "parsed": null, "reasoning_content": "Hm." },
        { "role": "user", "content": "Bye" },
    ]));
    let translated = translate(&gen3(), &body).unwrap();
    assert_eq!(translated.ignored, Vec::<String>::new());
    assert_eq!(translated.request.contents.unwrap().len(), 3);
}
