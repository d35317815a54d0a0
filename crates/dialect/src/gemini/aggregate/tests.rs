//! Events in, one answer out.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn whole(hops: &[Vec<Value>]) -> Value {
    let mut aggregate = Aggregate::new();
    for (number, hop) in hops.iter().enumerate() {
        if number > 0 {
            aggregate.absorb_hop();
        }
        for event in hop {
            aggregate.push(serde_json::from_value(event.clone()).unwrap());
        }
    }
    serde_json::to_value(aggregate.finish()).unwrap()
}

fn event(parts: &Value) -> Value {
    json!({"candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0}]})
}

#[test]
fn texts_of_one_kind_go_on_and_signed_parts_stand_alone() {
    let events = vec![
        event(&json!([{"text": "Let me ", "thought": true}])),
        event(&json!([{"text": "see.", "thought": true}, {"text": "The "}])),
        event(&json!([{"text": "answer"}])),
        event(&json!([{"text": "!", "thoughtSignature": "sig1"}])),
        event(&json!([{"text": " More"}, {"text": ""}])),
        event(&json!([{"functionCall": {"name": "f"}}, {"functionCall": {"name": "g"}}])),
        event(&json!([{"text": ""}])),
        event(&json!([{"text": "", "thoughtSignature": "sig2"}])),
    ];
    let parts = &whole(&[events])["candidates"][0]["content"]["parts"];
    assert_eq!(
        *parts,
        json!([
            {"text": "Let me see.", "thought": true},
            {"text": "The answer"},
            {"text": "!", "thoughtSignature": "sig1"},
            {"text": " More"},
            {"text": ""},
            {"functionCall": {"name": "f"}},
            {"functionCall": {"name": "g"}},
            {"text": ""},
            {"text": "", "thoughtSignature": "sig2"},
        ])
    );
}

#[test]
fn candidates_by_index_and_the_last_of_everything_else() {
    let got = whole(&[vec![
        json!({"candidates": [{"index": 1, "content": {"parts": [{"text": "b"}]}}], "responseId": "r1", "modelVersion": "m"}),
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "a"}]}, "finishReason": "STOP", "safetyRatings": [{"category": "X", "probability": "LOW"}]}], "responseId": "r2"}),
        json!({"candidates": [{"index": 1, "content": {"parts": [{"text": "B"}]}, "finishReason": "MAX_TOKENS", "finishMessage": "cut"}]}),
        json!({"candidates": [{"finishReason": "FINISH_REASON_UNSPECIFIED", "safetyRatings": [{"category": "X", "probability": "HIGH"}, {"category": "Y"}]}],
               "usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 3}, "modelStatus": {"modelStage": "STABLE"}}),
        json!({"usageMetadata": {"candidatesTokenCount": 2, "totalTokenCount": 5}}),
    ]]);
    assert_eq!(
        got,
        json!({
            "candidates": [
                {"content": {"role": "model", "parts": [{"text": "a"}]}, "finishReason": "STOP",
                 "safetyRatings": [{"category": "X", "probability": "HIGH"}, {"category": "Y"}]},
                {"content": {"parts": [{"text": "bB"}]}, "finishReason": "MAX_TOKENS", "finishMessage": "cut", "index": 1},
            ],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
            "modelVersion": "m", "responseId": "r1", "modelStatus": {"modelStage": "STABLE"},
        })
    );
}

#[test]
fn hops_are_appended_and_their_indices_shifted() {
    let grounded = |text: &str, uri: &str, finish: &str| {
        json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": finish, "continuationToken": text,
            "groundingMetadata": {"webSearchQueries": ["q"], "groundingChunks": [{"web": {"uri": uri}}],
                "groundingSupports": [{"segment": {"endIndex": 1}, "groundingChunkIndices": [0]}]}}],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 1, "totalTokenCount": 6}})
    };
    let last = json!({"candidates": [{"content": {"parts": [{"text": "c"}]}, "finishReason": "STOP"}]});
    let got = whole(&[
        vec![grounded("a", "u1", "CONTINUATION")],
        vec![grounded("b", "u2", "CONTINUATION")],
        vec![last],
    ]);
    assert_eq!(
        got["candidates"],
        json!([{
            "content": {"parts": [{"text": "a"}, {"text": "b"}, {"text": "c"}]},
            "finishReason": "STOP",
            "groundingMetadata": {
                "webSearchQueries": ["q"],
                "groundingChunks": [{"web": {"uri": "u1"}}, {"web": {"uri": "u2"}}],
                "groundingSupports": [
                    {"segment": {"endIndex": 1}, "groundingChunkIndices": [0]},
                    {"segment": {"endIndex": 1, "partIndex": 1}, "groundingChunkIndices": [1]},
                ],
            },
        }])
    );
    assert_eq!(
        got["usageMetadata"],
        json!({"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7})
    );
}

#[test]
fn sources_within_a_stream_add_up_or_are_said_again() {
    let sources = |uris: &[&str], supports: &Value| {
        let chunks: Vec<Value> = uris.iter().map(|uri| json!({"web": {"uri": uri}})).collect();
        json!({"candidates": [{"groundingMetadata": {"groundingChunks": chunks, "groundingSupports": supports}}]})
    };
    let support = |index: u64| json!([{"segment": {"endIndex": index}, "groundingChunkIndices": [index]}]);
    let indices = |value: &Value| {
        value["candidates"][0]["groundingMetadata"]["groundingSupports"]
            .as_array()
            .unwrap()
            .iter()
            .map(|support| support["groundingChunkIndices"][0].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    let empty = json!({"candidates": [{"groundingMetadata": {}}]});

    let new_each_time =
        whole(&[vec![empty.clone(), sources(&["a", "b"], &support(1)), empty, sources(&["c"], &support(0))]]);
    assert_eq!(indices(&new_each_time), [1, 2]);
    let cumulative = whole(&[vec![
        sources(&["a"], &support(0)),
        sources(&["a", "b"], &support(1)),
        sources(&["a", "b"], &support(1)),
    ]]);
    assert_eq!(indices(&cumulative), [0, 1]);
    assert_eq!(
        cumulative["candidates"][0]["groundingMetadata"]["groundingChunks"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn logprobs_citations_and_pages_add_up() {
    let piece = |token: &str| {
        json!({"candidates": [{
        "logprobsResult": {"chosenCandidates": [{"token": token}]},
        "citationMetadata": {"citationSources": [{"uri": token}, {"uri": "same"}]},
        "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "same"}]}, "avgLogprobs": -0.5}]})
    };
    let got = whole(&[vec![piece("x"), piece("x"), piece("y")]]);
    assert_eq!(
        got["candidates"][0],
        json!({
            "logprobsResult": {"chosenCandidates": [{"token": "x"}, {"token": "x"}, {"token": "y"}]},
            "citationMetadata": {"citationSources": [{"uri": "x"}, {"uri": "same"}, {"uri": "y"}]},
            "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "same"}]},
            "avgLogprobs": -0.5,
        })
    );
}

#[test]
fn a_blocked_prompt_stays_without_candidates() {
    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}});
    assert_eq!(whole(&[vec![blocked.clone(), json!({})]]), blocked);
    assert_eq!(whole(&[]), json!({}));
}

proptest! {
    #[test]
    fn the_text_is_that_of_the_events(texts in prop::collection::vec((".{0,9}", any::<bool>(), any::<bool>()), 0..20)) {
        let events: Vec<Value> = texts.iter().map(|(text, thought, signed)| {
            let mut part = json!({"text": text});
            if *thought { part["thought"] = json!(true); }
            if *signed { part["thoughtSignature"] = json!("s"); }
            event(&json!([part]))
        }).collect();
        let got = whole(&[events]);
        for wanted in [true, false] {
            let sent: String = texts.iter().filter(|text| text.1 == wanted).map(|text| text.0.as_str()).collect();
            let kept: String = got["candidates"][0]["content"]["parts"].as_array().into_iter().flatten()
                .filter(|part| part["thought"].as_bool().unwrap_or(false) == wanted)
                .map(|part| part["text"].as_str().unwrap()).collect();
            prop_assert_eq!(kept, sent);
        }
        let signed = texts.iter().filter(|text| text.2).count();
        let kept = got["candidates"][0]["content"]["parts"].as_array().into_iter().flatten()
            .filter(|part| part.get("thoughtSignature").is_some()).count();
        prop_assert_eq!(kept, signed);
    }
}
