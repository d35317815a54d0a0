//! S1 to S27.

use dialect::openai::chat::warning::Warning;
use dialect::openai::error::ApiError;
use serde_json::json;

use super::*;

/// The frames of a clean stream.
fn frames(events: &[Value]) -> String {
    brief(&stream(events, &encoding()).0)
}

fn text(text: &str) -> Value {
    json!({"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}], "responseId": "r1"})
}

fn parts(parts: Value) -> Value {
    json!({"candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0}], "responseId": "r1"})
}

fn end(reason: &str) -> Value {
    json!({
        "candidates": [{"finishReason": reason, "index": 0}], "responseId": "r1",
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13},
    })
}

#[test]
fn s1_text_chunks_in_full() {
    let (out, client) = stream(&[text("Good "), text("morning"), end("STOP")], &encoding());
    assert_eq!(client.choices[0].text("content"), "Good morning");
    insta::assert_snapshot!(out, @r#"
        data: {"id":"chatcmpl-r1","object":"chat.completion.chunk","created":1790000000,"model":"gemini-test","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}

        data: {"id":"chatcmpl-r1","object":"chat.completion.chunk","created":1790000000,"model":"gemini-test","choices":[{"index":0,"delta":{"content":"Good "},"logprobs":null,"finish_reason":null}],"usage":null}

        data: {"id":"chatcmpl-r1","object":"chat.completion.chunk","created":1790000000,"model":"gemini-test","choices":[{"index":0,"delta":{"content":"morning"},"logprobs":null,"finish_reason":null}],"usage":null}

        data: {"id":"chatcmpl-r1","object":"chat.completion.chunk","created":1790000000,"model":"gemini-test","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}

        data: {"id":"chatcmpl-r1","object":"chat.completion.chunk","created":1790000000,"model":"gemini-test","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}

        data: [DONE]
    "#);
}

#[test]
fn s1_the_same_as_a_whole() {
    let whole = whole(&[text("Good "), text("morning"), end("STOP")], &encoding());
    insta::assert_snapshot!(whole, @r#"{"id":"chatcmpl-r1","object":"chat.completion","created":1790000000,"model":"gemini-test","choices":[{"index":0,"message":{"role":"assistant","content":"Good morning","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}"#);
}

#[test]
fn s2_and_s15_last_part_is_empty_but_signed() {
    let last = json!({
        "candidates": [{"content": {"parts": [{"text": "", "thoughtSignature": "c2lnLTE="}], "role": "model"}, "finishReason": "STOP"}],
        "responseId": "r1",
    });
    insta::assert_snapshot!(frames(&[text("Done."), last]), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"content":"Done."},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"extra_content":{"google":{"thought_signature":"c2lnLTE="}}},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}
        [DONE]
    "#);
}

#[test]
fn s3_finish_without_content() {
    insta::assert_snapshot!(frames(&[end("STOP")]), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}
        {"id":"chatcmpl-r1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}
        [DONE]
    "#);
}

#[test]
fn s4_hollow_contents_give_no_chunk() {
    let hollow = |content: Value| json!({"candidates": [{"content": content}], "responseId": "r1"});
    let contents = [json!({}), json!({"role": "model"}), json!({"parts": [{}]}), json!({"parts": []})];
    let mut events: Vec<Value> = contents.into_iter().map(hollow).collect();
    events.push(text("still here"));
    insta::assert_snapshot!(frames(&events), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"content":"still here"},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}
        [DONE]
    "#);
}

#[test]
fn s5_events_without_candidates_give_no_chunk() {
    let usage = json!({"promptTokenCount": 5, "totalTokenCount": 5});
    let alone = [json!({"usageMetadata": usage}), json!({"candidates": [], "usageMetadata": usage})];
    let mut encoder = Encoder::new(encoding(), STAMP);
    let mut out = Vec::new();
    for each in &alone {
        encoder.push(&event(each), &mut out);
    }
    assert_eq!(out, b"");
}

#[test]
fn s6_and_s17_a_blocked_prompt_is_a_filtered_choice() {
    let blocked = json!({
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "blocked": true}]},
        "usageMetadata": {"promptTokenCount": 31, "totalTokenCount": 31}, "responseId": "r1",
    });
    insta::assert_snapshot!(frames(std::slice::from_ref(&blocked)), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"content_filter","extra_content":{"google":{"block_reason":"PROHIBITED_CONTENT","safety_ratings":[{"category":"HARM_CATEGORY_HARASSMENT","blocked":true}]}}}],"usage":null}
        {"id":"chatcmpl-r1","choices":[],"usage":{"prompt_tokens":31,"completion_tokens":0,"total_tokens":31,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}
        [DONE]
    "#);
    insta::assert_snapshot!(whole(&[blocked], &encoding())["choices"], @r#"[{"index":0,"message":{"role":"assistant","content":null,"refusal":null},"logprobs":null,"finish_reason":"content_filter","extra_content":{"google":{"block_reason":"PROHIBITED_CONTENT","safety_ratings":[{"category":"HARM_CATEGORY_HARASSMENT","blocked":true}]}}}]"#);
}

#[test]
fn s7_several_parts_in_one_event() {
    let mixed = parts(json!([
        {"text": "Two cities, two calls.", "thought": true},
        {"text": "Looking. "},
        {"functionCall": {"id": "fc-1", "name": "weather", "args": {"z": 1.0, "city": "Ürümqi <&>", "a": null}}, "thoughtSignature": "c2lnLWNhbGw="},
        {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}},
        {"functionCall": {"name": "now"}},
    ]));
    insta::assert_snapshot!(frames(&[mixed, end("STOP")]), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"reasoning_content":"Two cities, two calls.","reasoning":"Two cities, two calls."},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"content":"Looking. "},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"fc-1","type":"function","function":{"name":"weather","arguments":"{\"z\":1.0,\"city\":\"Ürümqi <&>\",\"a\":null}"},"extra_content":{"google":{"thought_signature":"c2lnLWNhbGw="}}}]},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_IlOKT6hnPpTWqhtVnpLX7Q0y","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":2,"id":"call_7p1XtOmUymoI0IgiJA42Ju0c","type":"function","function":{"name":"now","arguments":"{}"}}]},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}],"usage":null}
        {"id":"chatcmpl-r1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}
        [DONE]
    "#);
}

#[test]
fn s8_call_first_finish_later() {
    let call = parts(json!([{"functionCall": {"id": "fc-9", "name": "now", "args": {}}}]));
    let (_, client) = stream(&[call.clone(), end("STOP")], &encoding());
    assert_eq!(client.choices[0].finish_reason.as_deref(), Some("tool_calls"));
    let mut both = call;
    both["candidates"][0]["finishReason"] = json!("STOP");
    both["candidates"][0]["finishMessage"] = json!("Model generated function call(s).");
    insta::assert_snapshot!(frames(std::slice::from_ref(&both)), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"fc-9","type":"function","function":{"name":"now","arguments":"{}"}}]},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}],"usage":null}
        [DONE]
    "#);
    insta::assert_snapshot!(whole(&[both], &encoding())["choices"], @r#"[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"fc-9","type":"function","function":{"name":"now","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}]"#);
}

#[test]
fn s9_a_stop_on_every_event_is_said_once() {
    let each = |words: &str| {
        let mut event = text(words);
        event["candidates"][0]["finishReason"] = json!("STOP");
        event
    };
    let (_, client) = stream(&[each("one "), each("two "), each("three")], &encoding());
    assert_eq!(client.choices[0].text("content"), "one two three");
}

#[test]
fn s10_all_tokens_went_into_thinking() {
    let cut = json!({
        "candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}], "responseId": "r1",
        "usageMetadata": {"promptTokenCount": 12, "thoughtsTokenCount": 60, "totalTokenCount": 72},
    });
    let choice = whole(std::slice::from_ref(&cut), &encoding())["choices"][0].clone();
    assert_eq!((&choice["finish_reason"], &choice["message"]["content"]), (&json!("length"), &json!("")));
    insta::assert_snapshot!(frames(&[cut]), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],"usage":null}
        {"id":"chatcmpl-r1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":60,"total_tokens":72,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":60,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}
        [DONE]
    "#);
}

#[test]
fn s11_and_s19_malformed_calls_end_what_there_is() {
    let bad = json!({
        "candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "Malformed function call: weather(city=", "index": 0}],
        "responseId": "r1",
    });
    insta::assert_snapshot!(frames(std::slice::from_ref(&bad)), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop","extra_content":{"google":{"finish_reason":"MALFORMED_FUNCTION_CALL","finish_message":"Malformed function call: weather(city="}}}],"usage":null}
        [DONE]
    "#);
    insta::assert_snapshot!(frames(&[text("Let me see. "), bad]), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"content":"Let me see. "},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop","extra_content":{"google":{"finish_reason":"MALFORMED_FUNCTION_CALL","finish_message":"Malformed function call: weather(city="}}}],"usage":null}
        [DONE]
    "#);
}

#[test]
fn s12_hollow_grounding_and_jumping_usage() {
    let mut early = text("A");
    early["candidates"][0]["groundingMetadata"] = json!({});
    let mut counts = vec![early];
    for tokens in [51, 22, 46] {
        let mut event = text("a");
        event["usageMetadata"] =
            json!({"promptTokenCount": tokens, "candidatesTokenCount": 1, "totalTokenCount": tokens + 1});
        counts.push(event);
        counts.push(text("h"));
    }
    let (_, client) = stream(&counts, &encoding());
    assert_eq!(client.choices[0].text("content"), "Aahahah");
    assert_eq!(client.choices[0].message.get("annotations"), None);
    assert_eq!(client.usage.unwrap()["total_tokens"], 47);
}

#[test]
fn s13_and_s16_interleaved_candidates() {
    let both = |left: &str, right: &str| {
        json!({"candidates": [
            {"content": {"parts": [{"text": right}]}, "index": 1},
            {"content": {"parts": [{"text": left}]}, "index": 0},
        ], "responseId": "r1"})
    };
    let only_second = json!({"candidates": [{"content": {"parts": [{"functionCall": {"name": "now"}}]}, "index": 1, "finishReason": "STOP"}]});
    insta::assert_snapshot!(frames(&[both("left", "right"), only_second, end("MAX_TOKENS")]), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":1,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":1,"delta":{"content":"right"},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"content":"left"},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"call_IlOKT6hnPpTWqhtVnpLX7Q0y","type":"function","function":{"name":"now","arguments":"{}"}}]},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":1,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}],"usage":null}
        {"id":"chatcmpl-r1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}
        [DONE]
    "#);
}

#[test]
fn s14_and_s20_errors_in_band_have_no_done() {
    let error = ApiError {
        status: 503,
        kind: "server_error",
        code: Some("upstream_stream_error"),
        param: None,
        message: "The model is overloaded.".to_owned(),
    };
    for before in 0..3 {
        let mut encoder = Encoder::new(encoding(), STAMP);
        let mut out = Vec::new();
        for _ in 0..before {
            encoder.push(&event(&text("piece")), &mut out);
        }
        encoder.fail(&error, &mut out);
        encoder.push(&event(&text("late")), &mut out);
        encoder.finish(&mut out);
        let client = Client::read(&out);
        assert!(!client.done);
        assert_eq!(
            client.error.unwrap(),
            json!({"message": "The model is overloaded.", "type": "server_error", "param": null, "code": "upstream_stream_error"})
        );
        assert!(client.choices.iter().all(|choice| choice.finish_reason.is_none()), "no invented stop");
    }
}

#[test]
fn s18_safety_keeps_what_was_said() {
    let filtered = json!({
        "candidates": [{"content": {}, "finishReason": "SAFETY", "index": 0, "safetyRatings": [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "blocked": true}]}],
        "responseId": "r1",
    });
    insta::assert_snapshot!(frames(&[text("First you "), filtered.clone()]), @r#"
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{"content":"First you "},"logprobs":null,"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-r1","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"content_filter","extra_content":{"google":{"finish_reason":"SAFETY","safety_ratings":[{"category":"HARM_CATEGORY_DANGEROUS_CONTENT","blocked":true}]}}}],"usage":null}
        [DONE]
    "#);
    assert_eq!(whole(&[filtered], &encoding())["choices"][0]["message"]["content"], Value::Null);
}

#[test]
fn s22_usage_takes_the_last_value_of_each_count() {
    let mut first = text("x");
    first["usageMetadata"] = json!({
        "promptTokenCount": 169, "cachedContentTokenCount": 60, "candidatesTokenCount": 8, "totalTokenCount": 177,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 109}, {"modality": "IMAGE", "tokenCount": 60}],
        "serviceTier": "flex",
    });
    let mut last = end("STOP");
    last["usageMetadata"] = json!({"promptTokenCount": 79, "candidatesTokenCount": 6, "thoughtsTokenCount": 15, "totalTokenCount": 100});
    let whole = whole(&[first.clone(), last.clone()], &encoding());
    assert_eq!(whole["service_tier"], "flex");
    insta::assert_snapshot!(stream(&[first, last], &encoding()).1.usage.unwrap(), @r#"{"prompt_tokens":79,"completion_tokens":21,"total_tokens":100,"prompt_tokens_details":{"cached_tokens":60,"audio_tokens":0,"text_tokens":109,"image_tokens":60},"completion_tokens_details":{"reasoning_tokens":15,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#);
}

#[test]
fn s23_sources_of_multibyte_text() {
    let mut last = end("STOP");
    last["candidates"][0]["groundingMetadata"] = json!({
        "webSearchQueries": ["", "潮 times"],
        "groundingChunks": [{"web": {"uri": "https://tides.example/a", "title": "Tides"}}, {"web": {"uri": "https://moon.example/b", "title": ""}}],
        "groundingSupports": [
            {"segment": {"endIndex": 15, "text": "海面上升了"}, "groundingChunkIndices": [0, 1]},
            {"segment": {"startIndex": 20, "endIndex": 33, "text": "moon pulls it"}, "groundingChunkIndices": [1]},
            {"segment": {"startIndex": 3, "endIndex": 9, "text": "nowhere"}, "groundingChunkIndices": [0]},
        ],
    });
    let events = [text("海面上升了"), text(" 🌕 moon pulls it."), last];
    let (_, client) = stream(&events, &encoding());
    let content: Vec<char> = client.choices[0].text("content").chars().collect();
    let quoted: Vec<(String, &str)> = client.choices[0]
        .list("annotations")
        .iter()
        .map(|annotation| {
            let at = |key: &str| usize::try_from(annotation["url_citation"][key].as_u64().unwrap()).unwrap();
            (
                content[at("start_index")..at("end_index")].iter().collect(),
                annotation["url_citation"]["title"].as_str().unwrap(),
            )
        })
        .collect();
    insta::assert_debug_snapshot!(quoted, @r#"
        [
            (
                "海面上升了",
                "Tides",
            ),
            (
                "海面上升了",
                "moon.example",
            ),
            (
                "moon pulls it",
                "moon.example",
            ),
        ]
    "#);
    let whole = whole(&events, &encoding());
    insta::assert_snapshot!(whole["choices"][0]["message"], @r#"{"role":"assistant","content":"海面上升了 🌕 moon pulls it.","refusal":null,"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":5,"url":"https://tides.example/a","title":"Tides"}},{"type":"url_citation","url_citation":{"start_index":0,"end_index":5,"url":"https://moon.example/b","title":"moon.example"}},{"type":"url_citation","url_citation":{"start_index":8,"end_index":21,"url":"https://moon.example/b","title":"moon.example"}}],"extra_content":{"google":{"grounding_metadata":{"webSearchQueries":["","潮 times"],"groundingChunks":[{"web":{"uri":"https://tides.example/a","title":"Tides"}},{"web":{"uri":"https://moon.example/b","title":""}}],"groundingSupports":[{"segment":{"endIndex":15,"text":"海面上升了"},"groundingChunkIndices":[0,1]},{"segment":{"startIndex":20,"endIndex":33,"text":"moon pulls it"},"groundingChunkIndices":[1]},{"segment":{"startIndex":3,"endIndex":9,"text":"nowhere"},"groundingChunkIndices":[0]}]}}}}"#);
}

#[test]
fn s24_code_and_its_output() {
    let events = [
        text("Counting:"),
        parts(
            json!([{"executableCode": {"language": "PYTHON", "code": "print(6 * 7)\n"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}}]),
        ),
        parts(json!([{"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "`` ``` ``"}}])),
        text("It is 42."),
        end("STOP"),
    ];
    insta::assert_snapshot!(stream(&events, &encoding()).1.choices[0].text("content"), @r#"
        Counting:

        ```python
        print(6 * 7)
        ```

        ```output
        42
        ```

        ````output
        [failed]
        `` ``` ``
        ````

        It is 42.
    "#);
    let hidden = Encoding { show_code_execution: false, ..encoding() };
    insta::assert_snapshot!(whole(&events, &hidden)["choices"][0]["message"], @r#"{"role":"assistant","content":"Counting:It is 42.","refusal":null,"extra_content":{"google":{"executable_code":[{"language":"python","code":"print(6 * 7)\n"}],"code_execution_result":[{"outcome":"ok","output":"42\n"},{"outcome":"failed","output":"`` ``` ``"}]}}}"#);
}

#[test]
fn s25_a_large_image_is_whole_and_drafts_are_not_shown() {
    let data = "A".repeat(5 << 20);
    let image = |data: &str| json!({"inlineData": {"mimeType": "image/png", "data": data}});
    let mut draft = image("ZHJhZnQ=");
    draft["thought"] = json!(true);
    let mut signed = image(&data);
    signed["thoughtSignature"] = json!("aW1n");
    let events =
        [parts(json!([draft, {"text": "Here:"}, signed])), parts(json!([image("_-8=")])), end("STOP")];
    let (_, client) = stream(&events, &encoding());
    let images = client.choices[0].list("images");
    assert_eq!(
        images[0]["image_url"]["url"].as_str().unwrap().len(),
        "data:image/png;base64,".len() + data.len()
    );
    assert_eq!(images[0]["extra_content"], json!({"google": {"thought_signature": "aW1n"}}));
    assert_eq!(
        images[1],
        json!({"type": "image_url", "index": 1, "image_url": {"url": "data:image/png;base64,/+8="}})
    );
    let content = client.choices[0].text("content");
    assert!(content.starts_with("Here:\n\n![image](data:image/png;base64,AAAA"));
    assert!(content.ends_with(")\n\n![image](data:image/png;base64,/+8=)"));
    let bare = Encoding { images_as_markdown: false, ..encoding() };
    assert_eq!(stream(&events, &bare).1.choices[0].text("content"), "Here:");
}

#[test]
fn s26_an_answer_over_three_hops() {
    let hop = |words: &str, prompt: u64, output: u64| {
        let mut event = text(words);
        event["usageMetadata"] = json!({"promptTokenCount": prompt, "candidatesTokenCount": output, "totalTokenCount": prompt + output});
        event
    };
    let stop = json!({"candidates": [{"finishReason": "STOP"}]});
    let hops = [&[hop("Long ", 10, 100)][..], &[hop("story ", 110, 100)], &[hop("short.", 210, 3), stop]];
    let (_, client) = long_stream(&hops, &encoding());
    assert_eq!(client.choices[0].text("content"), "Long story short.");
    let usage = client.usage.unwrap();
    assert_eq!(
        [&usage["prompt_tokens"], &usage["completion_tokens"], &usage["total_tokens"]],
        [10, 203, 213]
    );
    let (_, stuck) = stream(&[text("on and on"), end("CONTINUATION")], &encoding());
    assert_eq!(stuck.choices[0].finish_reason.as_deref(), Some("length"));
}

#[test]
fn s26_every_hop_counts_its_parts_sources_and_bytes_anew() {
    let hop = |words: &str, uri: &str| {
        let mut said = parts(json!([{"text": "Hm.", "thought": true}, {"text": words}]));
        said["candidates"][0]["groundingMetadata"] = json!({
            "webSearchQueries": [uri], "groundingChunks": [{"web": {"uri": uri}}],
            "groundingSupports": [{"segment": {"partIndex": 1, "endIndex": 4, "text": "tide"}, "groundingChunkIndices": [0]}],
        });
        said["candidates"][0]["citationMetadata"] =
            json!({"citationSources": [{"startIndex": 5, "endIndex": 7, "uri": format!("{uri}/cited")}]});
        said
    };
    let (first, second) = (hop("tide in é", "https://a.example"), hop("tide up.", "https://b.example"));
    let (_, client) = long_stream(&[&[first], &[second, end("STOP")]], &encoding());
    let cited = client.choices[0].list("annotations").iter().map(|annotation| {
        let citation = &annotation["url_citation"];
        format!("{}-{} {}", citation["start_index"], citation["end_index"], citation["url"])
    });
    insta::assert_snapshot!(cited.collect::<Vec<_>>().join("\n"), @r#"
    0-4 "https://a.example"
    5-7 "https://a.example/cited"
    9-13 "https://b.example"
    14-16 "https://b.example/cited"
    "#);
}

#[test]
fn s27_thoughts_already_counted() {
    let mut last = end("STOP");
    last["usageMetadata"] = json!({"promptTokenCount": 20, "candidatesTokenCount": 50, "thoughtsTokenCount": 30, "totalTokenCount": 70});
    let usage = stream(&[text("x"), last], &encoding()).1.usage.unwrap();
    assert_eq!(
        [&usage["completion_tokens"], &usage["completion_tokens_details"]["reasoning_tokens"]],
        [50, 30]
    );
}

#[test]
fn an_answer_without_anything_is_empty_and_says_so() {
    let completion = completion(&event(&json!({"responseId": "r1"})), &encoding(), STAMP);
    assert_eq!(completion.warnings, [Warning::EmptyAnswer]);
    insta::assert_snapshot!(completion.body, @r#"{"id":"chatcmpl-r1","object":"chat.completion","created":1790000000,"model":"gemini-test","choices":[{"index":0,"message":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":"stop"}]}"#);
}
