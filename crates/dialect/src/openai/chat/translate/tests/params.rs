//! The plain parameters (R11 to R13, R16) and who decides about them.

use serde_json::{Value, json};

use super::models::{argon, gemma, gen3, gen25_flash, gen38, speech};
use super::{asking, refused, sent, translate, translate_with};
use crate::model::Capabilities;
use crate::openai::chat::Policy;

/// Everything but the contents.
fn config(model: &Capabilities, fields: &Value) -> String {
    let text = sent(model, &asking(fields));
    text.lines().filter(|line| !line.starts_with("user: ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn sampling_is_clamped_or_left_to_the_model() {
    let fields =
        json!({ "temperature": 3, "top_p": -0.5, "top_k": 40, "seed": 4_294_967_301_i64, "max_tokens": 100 });
    insta::assert_snapshot!(config(&gen25_flash(), &fields), @r#"generationConfig: {"temperature":2.0,"topP":0.0,"topK":40,"maxOutputTokens":100,"seed":5}"#);
    insta::assert_snapshot!(config(&gen38(), &fields), @r#"
    generationConfig: {"maxOutputTokens":100,"seed":5}
    (ignored: temperature, top_p, top_k)
    "#);
    insta::assert_snapshot!(config(&gen3(), &json!({ "temperature": 0.70, "top_p": 1, "top_k": 0, "seed": -7 })), @r#"generationConfig: {"temperature":0.7,"topP":1,"seed":-7}"#);
}

#[test]
fn limits() {
    insta::assert_snapshot!(config(&gemma(), &json!({ "max_completion_tokens": 99_999, "max_tokens": 5 })), @r#"generationConfig: {"maxOutputTokens":32768}"#);
    let refusals = [
        json!({ "max_tokens": 0 }),
        json!({ "max_completion_tokens": -1 }),
        json!({ "max_tokens": 1.5 }),
        json!({ "max_tokens": "many" }),
        json!({ "n": 0 }),
        json!({ "temperature": "hot" }),
        json!({ "top_logprobs": 3 }),
        json!({ "logprobs": true, "top_logprobs": 21 }),
        json!({ "logprobs": true }),
        json!({ "logit_bias": { "50256": -100 } }),
        json!({ "modalities": ["smell"] }),
        json!({ "modalities": ["text", "audio"], "audio": { "voice": "alloy", "format": "wav" } }),
        json!({ "stop": [1] }),
        json!({ "stop": ["1", "2", "3", "4", "5", "6"] }),
        json!({ "reasoning_effort": "extreme" }),
        json!({ "thinking_config": { "thinking_budget": -2 } }),
        json!({ "response_format": { "type": "yaml" } }),
        json!({ "stream": "yes" }),
        json!({ "google": 5 }),
    ];
    let all: Vec<String> = refusals.iter().map(|fields| refused(&gen3(), &asking(fields))).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    max_tokens: 0 leaves no room for an answer; use 1 or more.
    max_completion_tokens: -1 leaves no room for an answer; use 1 or more.
    max_tokens: expected a whole number, got 1.5
    max_tokens: expected a number, got a string.
    n: 0 answers cannot be given; use 1 to 128.
    temperature: expected a number, got a string.
    top_logprobs: needs logprobs: true.
    top_logprobs: 21 is out of range; use 0 to 20.
    logprobs: this model does not tell log probabilities; leave it out.
    logit_bias: Gemini cannot weigh single tokens; leave it out.
    modalities[0]: unknown modality "smell"; use text, image or audio.
    modalities: this model cannot produce audio; choose one that can.
    stop[0]: expected a string, got a number.
    stop: at most 5 stop sequences; shorten the list.
    reasoning_effort: unknown effort "extreme"; use none, minimal, low, medium, high, xhigh or max.
    thinking_config.thinking_budget: -2 is no budget; use -1 (up to the model), 0 (off) or a number of tokens.
    response_format.type: unknown format "yaml"; use text, json_object or json_schema.
    stream: expected true or false, got a string.
    google: expected an object, got a number.
    "#);
}

#[test]
fn r11_penalties_only_where_models_know_them() {
    let fields = json!({ "presence_penalty": 0, "frequency_penalty": 0.5 });
    insta::assert_snapshot!(config(&gen3(), &fields), @"(ignored: frequency_penalty)");
    let able = Capabilities { penalties: true, ..gen3() };
    insta::assert_snapshot!(config(&able, &fields), @r#"generationConfig: {"frequencyPenalty":0.5}"#);
}

#[test]
fn r12_several_answers_only_where_the_model_gives_them() {
    insta::assert_snapshot!(config(&gen25_flash(), &json!({ "n": 3 })), @r#"generationConfig: {"candidateCount":3}"#);
    insta::assert_snapshot!(refused(&gen3(), &asking(&json!({ "n": 3 }))), @"n: this model gives at most 1 per request; ask several times instead.");
    let lenient = Policy { drop_params: true, strict_params: true, ..Policy::default() };
    let translated =
        translate_with(&gen3(), &lenient, &asking(&json!({ "n": 3, "logprobs": true }))).unwrap();
    assert_eq!(translated.ignored, ["n", "logprobs"]);
    assert_eq!(translated.request.generation_config.unwrap().candidate_count, None);
}

#[test]
fn r13_stop_sequences() {
    insta::assert_snapshot!(config(&gen3(), &json!({ "stop": ["a", "", "b"] })), @r#"generationConfig: {"stopSequences":["a","b"]}"#);
    insta::assert_snapshot!(config(&gen3(), &json!({ "stop": "END" })), @r#"generationConfig: {"stopSequences":["END"]}"#);
    insta::assert_snapshot!(config(&gen3(), &json!({ "stop": "" })), @"");
}

#[test]
fn r16_unknown_fields_are_named_and_never_sent() {
    let fields = json!({
        "frobnicate": 1, "verbosity": "low", "metadata": { "a": "b" }, "prediction": {}, "Ünï\r\nx: y": 1,
        "stream_options": { "include_usage": true, "include_obfuscation": false },
        "google": { "new_thing": 1 }, "nothing": null,
    });
    insta::assert_snapshot!(config(&gen3(), &fields), @"(ignored: stream_options.include_obfuscation, frobnicate, verbosity, metadata, prediction, nxy, google.new_thing)");
    let strict = Policy { strict_params: true, ..Policy::default() };
    let error = translate_with(&gen3(), &strict, &asking(&json!({ "verbosity": "low" }))).unwrap_err();
    assert_eq!((error.code, error.param.as_deref()), (Some("unsupported_parameter"), Some("verbosity")));
}

#[test]
fn what_the_gateway_itself_uses_is_not_ignored() {
    let fields =
        json!({ "user": "ann", "prompt_cache_key": "k", "stream_options": { "include_usage": true } });
    let translated = translate(&gen3(), &asking(&fields)).unwrap();
    assert_eq!(translated.hints.end_user.as_deref(), Some("ann"));
    assert_eq!(translated.hints.cache_key.as_deref(), Some("k"));
    assert!(translated.encoding.include_usage);
    assert!(translated.ignored.is_empty());
    assert_eq!(translated.encoding.model, "m");
}

#[test]
fn store_and_tier() {
    assert_eq!(translate(&gen3(), &asking(&json!({}))).unwrap().request.store, Some(false));
    let wants = asking(&json!({ "store": true }));
    let refused = translate(&gen3(), &wants).unwrap();
    assert_eq!((refused.request.store, refused.ignored), (Some(false), vec!["store".to_owned()]));
    let open = Policy { allow_store: true, ..Policy::default() };
    assert_eq!(translate_with(&gen3(), &open, &wants).unwrap().request.store, Some(true));
    for (tier, sent) in
        [("default", Some("standard")), ("flex", Some("flex")), ("auto", None), ("scale", None)]
    {
        let translated = translate(&gen3(), &asking(&json!({ "service_tier": tier }))).unwrap();
        assert_eq!(translated.request.service_tier.as_deref(), sent);
    }
}

#[test]
fn spoken_answers() {
    let fields = json!({ "modalities": ["text", "audio"], "audio": { "voice": "alloy", "format": "wav" } });
    insta::assert_snapshot!(config(&speech(), &fields), @r#"generationConfig: {"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}}"#);
    insta::assert_snapshot!(config(&gen3(), &json!({ "modalities": ["text"], "audio": { "voice": "Kore" } })), @"(ignored: audio)");
}

#[test]
fn safety_settings_and_caches() {
    let fields = json!({
        "safety_settings": [{ "category": "HARM_CATEGORY_HARASSMENT", "threshold": "block_none", "method": "X" }],
        "extra_body": { "google": {
            "cached_content": "cachedContents/c1",
            "safety_settings": [{ "category": "hate_speech", "threshold": "OFF" }],
        } },
        "tools": [{ "type": "function", "function": { "name": "a" } }],
        "tool_choice": "required",
    });
    insta::assert_snapshot!(config(&gen3(), &fields), @r#"
    safetySettings: [{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"},{"category":"HARM_CATEGORY_HATE_SPEECH","threshold":"OFF"}]
    cachedContent: "cachedContents/c1"
    (ignored: tools, tool_choice)
    "#);
    let translated = translate(&gen3(), &asking(&fields)).unwrap();
    assert_eq!(translated.hints.resources, ["cachedContents/c1"]);
    let twice = json!([
        { "category": "HARASSMENT", "threshold": "OFF" },
        { "category": "HARASSMENT", "threshold": "OFF" },
    ]);
    insta::assert_snapshot!(refused(&gen3(), &asking(&json!({ "safety_settings": twice }))), @"safety_settings[1]: one threshold for each category; remove the second.");
    let wrong = json!([{ "category": "RUDENESS", "threshold": "OFF" }]);
    assert!(
        refused(&gen3(), &asking(&json!({ "safety_settings": wrong })))
            .starts_with("safety_settings[0].category:")
    );
}

#[test]
fn an_able_model_tells_log_probabilities() {
    let able = Capabilities { logprobs: true, ..argon() };
    insta::assert_snapshot!(config(&able, &json!({ "logprobs": true, "top_logprobs": 5 })), @r#"generationConfig: {"responseLogprobs":true,"logprobs":5}"#);
}
