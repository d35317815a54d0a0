//! Recorded exchanges, decoded and encoded again: nothing may be lost.
//!
//! The recordings stand beside the repository, in `../shared/corpus/open`, and are no part of it. Where they are
//! absent the tests say so and pass.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test: a failure should stop it, counts are printed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dialect::gemini::aggregate::Aggregate;
use dialect::gemini::content::Part;
use dialect::gemini::event::{Event, parse_event};
use dialect::gemini::outcome::classify;
use dialect::gemini::request::GenerateContentRequest;
use dialect::gemini::response::{Candidate, GenerateContentResponse};
use dialect::gemini::sse::{Decoder, Frame};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Input keys that have two spellings; the encoded one is always camelCase.
const ALIASES: [&str; 29] = [
    "thought_signature",
    "inline_data",
    "file_data",
    "function_call",
    "function_response",
    "executable_code",
    "code_execution_result",
    "mime_type",
    "file_uri",
    "system_instruction",
    "tool_config",
    "safety_settings",
    "generation_config",
    "cached_content",
    "service_tier",
    "continuation_token",
    "function_declarations",
    "parameters_json_schema",
    "function_calling_config",
    "allowed_function_names",
    "top_p",
    "top_k",
    "candidate_count",
    "max_output_tokens",
    "stop_sequences",
    "response_mime_type",
    "response_json_schema",
    "thinking_config",
    "include_thoughts",
];

fn recordings() -> Vec<(PathBuf, Value)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/open"));
    let mut found = Vec::new();
    for folder in fs::read_dir(root).into_iter().flatten().filter_map(Result::ok) {
        for file in fs::read_dir(folder.path()).into_iter().flatten().filter_map(Result::ok) {
            let path = file.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                found.push((path, value));
            }
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    if found.is_empty() {
        println!("corpus: skipped, 1519 exchanges: {} is not there", root.display());
    }
    found
}

fn is_generation(record: &Value) -> bool {
    matches!(record["api"].as_str(), Some("generateContent" | "streamGenerateContent"))
}

/// The events of a stream; a JSON array body is kept as it is.
fn events(record: &Value) -> &[Value] {
    let response = &record["response"];
    response["sse"].as_array().or(response["body"].as_array()).map(Vec::as_slice).unwrap_or_default()
}

/// What was counted while comparing.
#[derive(Default)]
struct Seen {
    nulls: usize,
    renamed: usize,
    lists: usize,
    lost: Vec<String>,
}

impl Seen {
    fn round_trip<T: Serialize + DeserializeOwned>(&mut self, path: &Path, original: &Value) {
        let verdict = serde_json::from_value::<T>(original.clone())
            .map_err(|error| error.to_string())
            .and_then(|decoded| self.compare(original, &serde_json::to_value(decoded).unwrap()));
        if let Err(what) = verdict {
            self.lost.push(format!("{}: {what}", path.display()));
        }
    }

    /// Every key and value of `original` is in `encoded` and nothing else; a null may be missing.
    fn compare(&mut self, original: &Value, encoded: &Value) -> Result<(), String> {
        match (original, encoded) {
            (Value::Object(original), Value::Object(encoded)) => {
                let mut used = 0;
                for (key, value) in original {
                    let name = if encoded.contains_key(key) { key.clone() } else { camel(key) };
                    let Some(other) = encoded.get(&name) else {
                        if !value.is_null() {
                            return Err(format!("{key} is lost"));
                        }
                        self.nulls += 1;
                        continue;
                    };
                    self.renamed += usize::from(name != *key);
                    used += 1;
                    self.compare(value, other).map_err(|place| format!("{key}.{place}"))?;
                }
                if used == encoded.len() { Ok(()) } else { Err("something is new".to_owned()) }
            }
            (Value::Array(original), Value::Array(encoded)) if original.len() == encoded.len() => {
                original.iter().zip(encoded).try_for_each(|(one, other)| self.compare(one, other))
            }
            (Value::Object(_), Value::Array(encoded)) if encoded.len() == 1 => {
                self.lists += 1;
                encoded.iter().try_for_each(|one| self.compare(original, one))
            }
            _ if original == encoded => Ok(()),
            _ => Err(format!(": {original} became {encoded}")),
        }
    }
}

fn camel(key: &str) -> String {
    if !ALIASES.contains(&key) && !key.starts_with("thinking_") {
        return key.to_owned();
    }
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[test]
fn every_request_and_response_survives_a_round_trip() {
    let recordings = recordings();
    let mut seen = Seen::default();
    let (mut requests, mut responses, mut pieces) = (0, 0, 0);
    for (path, record) in recordings.iter().filter(|(_, record)| is_generation(record)) {
        let body = &record["request"]["body"];
        if body.is_object() {
            seen.round_trip::<GenerateContentRequest>(path, body);
            requests += 1;
        }
        let body = &record["response"]["body"];
        if body.is_object() && body.get("error").is_none() {
            seen.round_trip::<GenerateContentResponse>(path, body);
            responses += 1;
        }
        for event in events(record).iter().filter(|event| event.is_object()) {
            seen.round_trip::<GenerateContentResponse>(path, event);
            pieces += 1;
        }
    }
    let total = recordings.len();
    println!(
        "corpus: {total} exchanges; round trips: {requests} requests, {responses} responses, {pieces} events"
    );
    let Seen { nulls, renamed, lists, lost } = seen;
    println!(
        "corpus: {nulls} nulls left out, {renamed} keys written in camelCase, {lists} objects as lists of one"
    );
    assert!(lost.is_empty(), "{} do not survive: {lost:#?}", lost.len());
    assert!(recordings.is_empty() || (requests > 1000 && responses > 800 && pieces > 1000), "few were found");
}

/// Frames of a body cut at the given places.
fn frames(body: &[u8], cuts: &[usize]) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    let mut from = 0;
    for &cut in cuts.iter().chain([&body.len()]) {
        decoder.push(&body[from..cut]).unwrap();
        frames.extend(std::iter::from_fn(|| decoder.next()));
        from = cut;
    }
    frames.extend(std::iter::from_fn(|| decoder.finish()));
    frames
}

/// A seeded generator: the same cuts in every run.
fn cuts(seed: u64, length: usize) -> Vec<usize> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % (length as u64 + 1)).unwrap()
    };
    let mut cuts: Vec<usize> = (0..40).map(|_| next()).collect();
    cuts.sort_unstable();
    cuts
}

#[test]
fn raw_streams_give_the_recorded_events_at_any_split() {
    let recordings = recordings();
    let (mut streams, mut total, mut strays) = (0, 0, 0);
    for (seed, (path, record)) in
        recordings.iter().enumerate().filter(|(_, (_, record))| is_generation(record))
    {
        let Some(raw) = record["response"]["raw"].as_str().map(str::as_bytes) else { continue };
        let whole = frames(raw, &[]);
        let data = whole.iter().filter(|frame| matches!(frame, Frame::Data(_)));
        let values: Vec<Value> =
            data.filter_map(|frame| serde_json::from_slice(frame.bytes()).ok()).collect();
        assert_eq!(values, events(record), "{}", path.display());
        for round in 0..4 {
            assert_eq!(frames(raw, &cuts(seed as u64 * 4 + round, raw.len())), whole, "{}", path.display());
        }
        streams += 1;
        total += values.len();
        strays += whole.iter().filter(|frame| matches!(frame, Frame::Stray(_))).count();
    }
    println!("corpus: {streams} raw streams, {total} events, {strays} stray bodies");
    assert!(recordings.is_empty() || streams > 240);
}

fn text(part: &Part) -> Option<&str> {
    part.text.as_deref().filter(|_| !part.is_thought())
}

#[test]
fn aggregated_streams_keep_text_calls_and_signatures() {
    let mut streams = 0;
    for (path, record) in recordings().iter().filter(|(_, record)| is_generation(record)) {
        let responses =
            events(record).iter().filter_map(|event| match parse_event(event.to_string()).ok()? {
                Event::Response(response) => Some(response),
                Event::Error(_) => None,
            });
        let responses: Vec<GenerateContentResponse> = responses.collect();
        if responses.is_empty() {
            continue;
        }
        let mut aggregate = Aggregate::new();
        responses.iter().cloned().for_each(|response| aggregate.push(response));
        let whole = aggregate.finish();
        let summary = |responses: &[GenerateContentResponse]| {
            let parts =
                || responses.iter().flat_map(GenerateContentResponse::candidates).flat_map(Candidate::parts);
            let text: String = parts().filter_map(text).collect();
            let calls = parts().filter(|part| part.function_call.is_some()).count();
            (text, calls, parts().filter(|part| part.thought_signature.is_some()).count())
        };
        assert_eq!(summary(&[whole]), summary(&responses), "{}", path.display());
        streams += 1;
    }
    println!("corpus: {streams} streams aggregated");
}

#[test]
fn errors_are_classified() {
    let mut causes: BTreeMap<(u16, &str), usize> = BTreeMap::new();
    let recordings = recordings();
    for (_, record) in &recordings {
        let response = &record["response"];
        let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
        if status >= 400 || response["body"].get("error").is_some() {
            let kind = response["headers"]["content-type"].as_str();
            let body = response["body"].as_str().map_or_else(|| response["body"].to_string(), str::to_owned);
            let outcome = classify(status, kind, body.as_bytes());
            *causes.entry((status, outcome.cause.label())).or_default() += 1;
        }
        let in_stream = events(record).iter().map(Value::to_string);
        for frame in in_stream.chain(response["trailing"].as_str().map(str::to_owned)) {
            if let Ok(Event::Error(outcome)) = parse_event(frame) {
                *causes.entry((outcome.status, outcome.cause.label())).or_default() += 1;
            }
        }
    }
    println!("corpus: errors by status and cause: {causes:?}");
}
