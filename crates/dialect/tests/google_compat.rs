//! Ours beside Google's own OpenAI-compatible endpoint: every difference is deliberate and has its reason
//! here.
//!
//! For each recorded answer of that endpoint we build the Gemini answer it must have come from, say it in our
//! words and compare field by field. The recordings lie beside the repository and are not part of it.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails loudly")]

#[path = "openai/accumulator.rs"]
#[expect(dead_code, reason = "whole and streamed answers are held against each other elsewhere")]
mod accumulator;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use accumulator::Client;
use dialect::openai::chat::stream::Encoder;
use dialect::openai::chat::whole::completion;
use dialect::openai::chat::{Encoding, Stamp};
use dialect::openai::models::{ModelList, ModelObject};
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/google-openai-compat");
/// What the folder held when this was written.
const ANSWERS: usize = 21;

/// The values a field takes, in order of appearance; none if it is absent.
type Seen = [Value];

/// A difference we mean.
struct Rule {
    path: &'static str,
    reason: &'static str,
    holds: fn(theirs: &Seen, ours: &Seen) -> bool,
}

const EVERYWHERE: &[Rule] = &[
    Rule {
        path: "id",
        reason: "OpenAI's ids have a prefix, and an answer without an id (2025) breaks clients",
        holds: |theirs, ours| match (theirs.first().and_then(Value::as_str), ours) {
            (Some(theirs), [ours, ..]) => ours.as_str() == Some(&format!("chatcmpl-{theirs}")),
            (None, [ours, ..]) => ours.as_str().is_some_and(|id| id.len() == "chatcmpl-".len() + 24),
            (_, []) => false,
        },
    },
    Rule {
        path: "choices[].logprobs",
        reason: "OpenAI's models have the key; null without logprobs",
        holds: only_null,
    },
    Rule {
        path: "usage.completion_tokens",
        reason: "thoughts are part of the completion, as OpenAI counts reasoning",
        holds: |theirs, ours| last(ours) > last(theirs),
    },
    Rule { path: "usage.prompt_tokens_details.cached_tokens", reason: "always said", holds: only_zero },
    Rule { path: "usage.prompt_tokens_details.audio_tokens", reason: "always said", holds: only_zero },
    Rule {
        path: "usage.completion_tokens_details.reasoning_tokens",
        reason: "always said",
        holds: |theirs, _| theirs.is_empty(),
    },
    Rule { path: "usage.completion_tokens_details.audio_tokens", reason: "always said", holds: only_zero },
    Rule {
        path: "usage.completion_tokens_details.accepted_prediction_tokens",
        reason: "as OpenAI",
        holds: only_zero,
    },
    Rule {
        path: "usage.completion_tokens_details.rejected_prediction_tokens",
        reason: "as OpenAI",
        holds: only_zero,
    },
];

const WHOLE: &[Rule] = &[
    Rule { path: "choices[].message.refusal", reason: "OpenAI's models have the key", holds: only_null },
    Rule {
        path: "choices[].message.content",
        reason: "never absent: null beside calls, empty when nothing was said",
        holds: |theirs, ours| theirs.is_empty() && (ours == [Value::Null] || ours == [json!("")]),
    },
    Rule {
        path: "choices[].message.tool_calls[].id",
        reason: "an empty id cannot be answered",
        holds: |theirs, ours| {
            theirs == [json!("")] && ours.iter().all(|id| id.as_str().is_some_and(|id| id.len() == 29))
        },
    },
    Rule {
        path: "choices[].message.tool_calls[].extra_content.google.thought_signature",
        reason: "a call's signature is on the call, where that endpoint puts it since Gemini 3",
        holds: |theirs, ours| theirs.is_empty() && ours.len() == 1,
    },
    Rule {
        path: "choices[].message.extra_content.google.thought_signature",
        reason: "see the call",
        holds: |theirs, ours| theirs.len() == 1 && ours.is_empty(),
    },
    Rule {
        path: "choices[].message.extra_content.google.thought",
        reason: "thoughts have a field of their own, reasoning_content",
        holds: |theirs, ours| theirs == [json!(true)] && ours.is_empty(),
    },
    Rule {
        path: "choices[].message.thought_signature",
        reason: "said once, in extra_content",
        holds: |theirs, ours| theirs.len() == 1 && ours.is_empty(),
    },
];

const STREAM: &[Rule] = &[
    Rule {
        path: "choices[].delta.role",
        reason: "once: accumulators would make it assistantassistant",
        holds: |theirs, ours| theirs.len() > 1 && ours == [json!("assistant")],
    },
    Rule {
        path: "choices[].delta.content",
        reason: "the first delta has an empty content beside the role",
        holds: |theirs, ours| theirs.is_empty() && ours == [json!("")],
    },
    Rule {
        path: "choices[].finish_reason",
        reason: "null until the end, and tool_calls where there are calls",
        holds: |theirs, ours| {
            let said: Vec<&Value> = ours.iter().filter(|reason| !reason.is_null()).collect();
            said.len() == 1 && (said == theirs.iter().collect::<Vec<_>>() || *said[0] == "tool_calls")
        },
    },
    Rule {
        path: "choices[].delta.tool_calls[].index",
        reason: "SDKs fail without it",
        holds: |theirs, ours| theirs.is_empty() && ours == [json!(0)],
    },
    Rule {
        path: "choices[].delta.tool_calls[].id",
        reason: "an empty id cannot be answered",
        holds: |theirs, ours| theirs == [json!("")] && ours.len() == 1 && ours[0] != "",
    },
    Rule {
        path: "usage",
        reason: "announced by null in every chunk but the last",
        holds: |theirs, ours| theirs.is_empty() && ours.iter().all(Value::is_null),
    },
    Rule { path: "usage.prompt_tokens", reason: "once, in the last chunk", holds: last_only },
    Rule { path: "usage.completion_tokens", reason: "once, in the last chunk", holds: last_only },
    Rule { path: "usage.total_tokens", reason: "once, in the last chunk", holds: last_only },
];

const MODELS: &[Rule] = &[
    Rule {
        path: "data[].id",
        reason: "a slash in an id has to be escaped in a path",
        holds: |theirs, ours| {
            theirs.len() == ours.len()
                && theirs
                    .iter()
                    .zip(ours)
                    .all(|(theirs, ours)| theirs.as_str().unwrap().strip_prefix("models/") == ours.as_str())
        },
    },
    Rule {
        path: "data[].created",
        reason: "OpenAI's models require it",
        holds: |theirs, ours| theirs.is_empty() && ours.iter().all(Value::is_i64),
    },
];

fn only_null(theirs: &Seen, ours: &Seen) -> bool {
    theirs.is_empty() && ours.iter().all(Value::is_null)
}

fn only_zero(theirs: &Seen, ours: &Seen) -> bool {
    theirs.is_empty() && *ours == [json!(0)]
}

fn last_only(theirs: &Seen, ours: &Seen) -> bool {
    theirs.len() > 1 && ours.len() == 1 && theirs.last() == ours.last()
}

fn last(seen: &Seen) -> Option<u64> {
    seen.last()?.as_u64()
}

/// Every leaf of a document by its path; list positions do not count.
fn flatten(value: &Value, path: &str, fields: &mut BTreeMap<String, Vec<Value>>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(inner, &format!("{path}{dot}{key}"), fields);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| flatten(inner, &format!("{path}[]"), fields)),
        leaf => fields.entry(path.to_owned()).or_default().push(leaf.clone()),
    }
}

/// What chunks say all over again is compared once, what they say in pieces is joined.
fn joined(path: &str, seen: &[Value]) -> Vec<Value> {
    let mut seen = seen.to_vec();
    if ["id", "object", "created", "model", "choices[].index", "choices[].logprobs"].contains(&path) {
        seen.dedup();
    }
    if path == "choices[].delta.content" {
        let text: String = seen.iter().filter_map(Value::as_str).collect();
        seen = seen.first().map(|_| json!(text)).into_iter().collect();
    }
    seen
}

/// Compares; every difference must be covered by a rule. Returns the rules that were needed.
fn compare(name: &str, (theirs, ours): (&[Value], &[Value]), rules: [&[Rule]; 2]) -> BTreeSet<&'static str> {
    let fields = |documents: &[Value]| {
        let mut fields = BTreeMap::new();
        for document in documents {
            flatten(document, "", &mut fields);
        }
        fields
            .into_iter()
            .map(|(path, seen)| {
                let seen = joined(&path, &seen);
                (path, seen)
            })
            .collect::<BTreeMap<_, _>>()
    };
    let (theirs, ours) = (fields(theirs), fields(ours));
    let paths: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let mut needed = BTreeSet::new();
    for path in paths {
        let pair =
            (theirs.get(path).map_or(&[][..], Vec::as_slice), ours.get(path).map_or(&[][..], Vec::as_slice));
        if pair.0 == pair.1 {
            continue;
        }
        let rule = rules.into_iter().flatten().find(|rule| rule.path == path && (rule.holds)(pair.0, pair.1));
        let rule =
            rule.unwrap_or_else(|| panic!("{name}: {path}: Google says {:?}, we say {:?}", pair.0, pair.1));
        assert!(!rule.reason.is_empty());
        needed.insert(rule.path);
    }
    needed
}

/// The Gemini candidate a choice must have come from.
fn candidate(choice: &Value) -> Value {
    let message = choice.get("message").or_else(|| choice.get("delta")).unwrap();
    let signature = message["extra_content"]["google"]["thought_signature"].as_str();
    let mut parts: Vec<Value> =
        message["content"].as_str().map(|text| json!({"text": text})).into_iter().collect();
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let args: Value = serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
        parts.push(
            json!({"functionCall": {"id": call["id"], "name": call["function"]["name"], "args": args}}),
        );
    }
    if let (Some(part), Some(signature)) = (parts.last_mut(), signature) {
        part["thoughtSignature"] = json!(signature);
    }
    let finish = match choice["finish_reason"].as_str() {
        Some("stop" | "tool_calls") => json!("STOP"),
        Some("length") => json!("MAX_TOKENS"),
        Some(other) => panic!("{other}"),
        None => Value::Null,
    };
    json!({"index": choice["index"], "content": {"role": "model", "parts": parts}, "finishReason": finish})
}

/// The Gemini response or event an answer or chunk must have come from.
fn gemini(answer: &Value) -> dialect::gemini::response::GenerateContentResponse {
    let candidates: Vec<Value> = answer["choices"].as_array().unwrap().iter().map(candidate).collect();
    let mut response = json!({"candidates": candidates, "responseId": answer["id"]});
    if let Some(usage) = answer.get("usage") {
        let count = |key: &str| usage[key].as_u64().unwrap();
        let [prompt, answer, total] = ["prompt_tokens", "completion_tokens", "total_tokens"].map(count);
        response["usageMetadata"] = json!({
            "promptTokenCount": prompt, "candidatesTokenCount": answer,
            "thoughtsTokenCount": total - prompt - answer, "totalTokenCount": total,
        });
    }
    serde_json::from_value(response).unwrap()
}

fn ours_whole(theirs: &Value) -> Value {
    let encoding = Encoding { model: theirs["model"].as_str().unwrap().to_owned(), ..Encoding::default() };
    let stamp = Stamp { created: theirs["created"].as_i64().unwrap(), seed: 3 };
    serde_json::from_str(&completion(&gemini(theirs), &encoding, stamp).body).unwrap()
}

fn ours_stream(theirs: &[Value]) -> Vec<Value> {
    let first = &theirs[0];
    let encoding = Encoding {
        model: first["model"].as_str().unwrap().to_owned(),
        include_usage: first.get("usage").is_some(),
        ..Encoding::default()
    };
    let mut encoder = Encoder::new(encoding, Stamp { created: first["created"].as_i64().unwrap(), seed: 3 });
    let mut out = Vec::new();
    for chunk in theirs {
        encoder.push(&gemini(chunk), &mut out);
    }
    encoder.finish(&mut out);
    let client = Client::read(&out);
    assert!(client.done && client.choices.iter().all(|choice| choice.logprobs().is_empty()));
    assert_eq!((client.usage.is_some(), client.error), (first.get("usage").is_some(), None));
    assert_eq!(
        client.choices[0].list("tool_calls").is_empty(),
        client.choices[0].finish_reason.as_deref() != Some("tool_calls")
    );
    assert!(client.choices[0].text("role") == "assistant");
    let text = String::from_utf8(out).unwrap();
    let frames = text.split_terminator("\n\n").map(|frame| frame.strip_prefix("data: ").unwrap());
    frames.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn ours_models(theirs: &Value) -> Value {
    let model = |theirs: &Value| ModelObject {
        display_name: theirs["display_name"].as_str().map(str::to_owned),
        ..ModelObject::new(theirs["id"].as_str().unwrap())
    };
    let models = theirs["data"].as_array().unwrap().iter().map(model).collect();
    serde_json::to_value(ModelList::new(models)).unwrap()
}

#[test]
fn every_difference_from_googles_endpoint_is_deliberate() {
    if !Path::new(FOLDER).is_dir() {
        println!("skipped: the recordings are not here (all {ANSWERS} answers)");
        return;
    }
    let (mut answers, mut needed) = (0, BTreeSet::new());
    for path in fs::read_dir(FOLDER).unwrap().flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let exchange: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let response = &exchange["response"];
        answers += 1;
        needed.extend(if let Some(events) = response["sse"].as_array() {
            let (done, chunks) = events.split_last().unwrap();
            assert_eq!(done, "[DONE]");
            compare(&name, (chunks, &ours_stream(chunks)), [STREAM, EVERYWHERE])
        } else if exchange["api"] == "openai-compat.models" {
            let body = std::slice::from_ref(&response["body"]);
            compare(&name, (body, &[ours_models(&body[0])]), [MODELS, &[]])
        } else {
            let body = std::slice::from_ref(&response["body"]);
            compare(&name, (body, &[ours_whole(&body[0])]), [WHOLE, EVERYWHERE])
        });
    }
    let all = [EVERYWHERE, WHOLE, STREAM, MODELS].into_iter().flatten().map(|rule| rule.path).collect();
    assert_eq!(needed, all, "no rule without a case");
    println!("{answers} answers compared; {} deliberate differences", needed.len());
    assert!(answers >= ANSWERS);
}
