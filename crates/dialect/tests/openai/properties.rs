//! Random streams: whatever Gemini sends, a client can read it and nothing is lost.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Thought(String),
    Call(String, Option<Value>),
    Signature,
    Hollow,
    Unknown,
}

fn piece() -> impl Strategy<Value = Piece> {
    let args = prop_oneof![
        Just(None),
        Just(Some(json!({}))),
        "[a-zé\"\\\\]{0,4}".prop_map(|text| Some(json!({"k": text})))
    ];
    prop_oneof![
        4 => ".{0,8}".prop_map(Piece::Text),
        2 => ".{0,8}".prop_map(Piece::Thought),
        3 => ("[a-z_]{1,6}", args).prop_map(|(name, args)| Piece::Call(name, args)),
        1 => Just(Piece::Signature),
        1 => Just(Piece::Hollow),
        1 => Just(Piece::Unknown),
    ]
}

impl Piece {
    fn part(&self) -> Value {
        match self {
            Self::Text(text) => json!({"text": text}),
            Self::Thought(text) => json!({"text": text, "thought": true}),
            Self::Call(name, None) => json!({"functionCall": {"name": name, "id": "same"}}),
            Self::Call(name, Some(args)) => {
                json!({"functionCall": {"name": name, "args": args}, "thoughtSignature": "cw=="})
            }
            Self::Signature => json!({"text": "", "thoughtSignature": "c2ln"}),
            Self::Hollow => json!({}),
            Self::Unknown => json!({"toolCall": {"id": "x"}, "hologram": 3}),
        }
    }
}

#[derive(Clone, Debug)]
struct Step {
    candidate: usize,
    pieces: Vec<Piece>,
    stop: bool,
    usage: Option<u64>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0usize..3, vec(piece(), 0..4), any::<bool>(), proptest::option::of(0u64..1000));
    vec(step.prop_map(|(candidate, pieces, stop, usage)| Step { candidate, pieces, stop, usage }), 0..8)
}

impl Step {
    fn event(&self) -> Value {
        let parts: Vec<Value> = self.pieces.iter().map(Piece::part).collect();
        let mut candidate = json!({"content": {"parts": parts}, "index": self.candidate});
        if self.stop {
            candidate["finishReason"] = json!("STOP");
        }
        let mut event = json!({"candidates": [candidate]});
        if let Some(tokens) = self.usage {
            event["usageMetadata"] = json!({"promptTokenCount": tokens, "totalTokenCount": tokens});
        }
        event
    }
}

#[derive(Default)]
struct Expected {
    content: String,
    reasoning: String,
    calls: Vec<(String, Value)>,
}

fn expected(steps: &[Step]) -> BTreeMap<usize, Expected> {
    let mut choices: BTreeMap<usize, Expected> = BTreeMap::new();
    for step in steps {
        let choice = choices.entry(step.candidate).or_default();
        for piece in &step.pieces {
            match piece {
                Piece::Text(text) => choice.content.push_str(text),
                Piece::Thought(text) => choice.reasoning.push_str(text),
                Piece::Call(name, args) => {
                    choice.calls.push((name.clone(), args.clone().unwrap_or(json!({}))));
                }
                Piece::Signature | Piece::Hollow | Piece::Unknown => {}
            }
        }
    }
    choices
}

proptest! {
    #[test]
    fn nothing_is_lost_and_clients_can_read_it(steps in steps(), include_usage: bool) {
        let events: Vec<Value> = steps.iter().map(Step::event).collect();
        let (_, client) = stream(&events, &Encoding { include_usage, ..encoding() });
        for (index, expected) in expected(&steps) {
            let choice = &client.choices[index];
            prop_assert_eq!(choice.text("content"), &expected.content);
            prop_assert_eq!(choice.text("reasoning_content"), &expected.reasoning);
            prop_assert_eq!(choice.text("reasoning"), &expected.reasoning);
            let calls = choice.list("tool_calls").iter().map(|call| {
                let arguments = call["function"]["arguments"].as_str().unwrap();
                (call["function"]["name"].as_str().unwrap().to_owned(), serde_json::from_str(arguments).unwrap())
            });
            prop_assert_eq!(calls.collect::<Vec<(String, Value)>>(), expected.calls);
        }
        let ids: Vec<&str> = client.choices.iter().flat_map(|choice| choice.list("tool_calls")).filter_map(|call| call["id"].as_str()).collect();
        let distinct: std::collections::HashSet<&&str> = ids.iter().collect();
        prop_assert_eq!(distinct.len(), ids.len(), "ids are unlike each other");
    }

    /// Where a long decode is cut is not to be seen, and gathering first makes no difference.
    #[test]
    fn hops_do_not_show(steps in steps(), cut in 0usize..8) {
        let events: Vec<Value> = steps.iter().map(Step::event).collect();
        let (one, other) = events.split_at(cut.min(events.len()));
        let (_, client) = long_stream(&[one, other], &encoding());
        for (index, expected) in expected(&steps) {
            prop_assert_eq!(client.choices[index].text("content"), &expected.content);
            prop_assert_eq!(client.choices[index].list("tool_calls").len(), expected.calls.len());
        }
    }

    #[test]
    fn json_fences_never_cost_content(text in "[ a`\n{}]{0,12}", cut in 0usize..12) {
        let fenced = format!("```json\n{{\"k\":{}}}\n```", json!(text));
        let cut = (0..=cut).rev().find(|at| fenced.is_char_boundary(*at)).unwrap();
        let (left, right) = fenced.split_at(cut);
        let events = [left, right].map(|text| json!({"candidates": [{"content": {"parts": [{"text": text}]}}]}));
        let (_, client) = stream(&events, &Encoding { json_mode: true, ..encoding() });
        let answer: Value = serde_json::from_str(client.choices[0].text("content")).unwrap();
        prop_assert_eq!(&answer["k"], &json!(text));
    }

    /// Fields of any kind where we expect another: no panic, and still a stream.
    #[test]
    fn odd_metadata_is_survived(odd in odd()) {
        let event = json!({"candidates": [{"content": {"parts": [{"text": "abc"}, {"functionCall": {"name": "f", "args": odd, "partialArgs": odd}}]},
            "groundingMetadata": {"groundingChunks": [odd], "groundingSupports": [{"segment": odd, "groundingChunkIndices": odd}]},
            "citationMetadata": {"citationSources": [odd]}, "logprobsResult": {"chosenCandidates": [odd], "topCandidates": odd},
            "urlContextMetadata": odd, "safetyRatings": odd, "finishReason": odd}]});
        let (_, client) = stream(&[event], &encoding());
        prop_assert_eq!(client.choices[0].text("content"), "abc");
    }
}

fn odd() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    let keys = proptest::sample::select(vec![
        "web",
        "uri",
        "title",
        "startIndex",
        "endIndex",
        "text",
        "partIndex",
        "token",
        "candidates",
        "jsonPath",
        "numberValue",
    ]);
    leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((keys.clone(), inner), 0..3).prop_map(|pairs| pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Value>()),
        ]
    })
}
