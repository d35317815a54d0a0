//! An answer as Gemini puts it into events: one for a plain call, many for a stream (wire.md §2.5, §7.2).

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Draft};
use crate::model::Model;
use crate::token;

/// What every event of a response repeats.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) model: &'static Model,
    pub(crate) response_id: String,
    /// Prompt tokens that were in the implicit cache.
    pub(crate) cached: u64,
}

/// Everything in one event.
pub(crate) fn whole(answer: &Answer, envelope: &Envelope) -> Value {
    let candidates: Vec<Value> =
        answer.candidates.iter().enumerate().map(|(at, draft)| whole_candidate(draft, at)).collect();
    let spoken = answer.candidates.iter().flat_map(|draft| &draft.pieces).map(piece_tokens).sum();
    let thought = answer.candidates.iter().map(|draft| draft.thought_tokens).sum();
    event(candidates, usage(answer, envelope, spoken, thought), envelope)
}

fn whole_candidate(draft: &Draft, index: usize) -> Value {
    let thoughts: String = draft.thoughts.concat();
    let mut parts: Vec<Value> =
        if thoughts.is_empty() { Vec::new() } else { vec![json!({"text": thoughts, "thought": true})] };
    let mut text = String::new();
    for piece in &draft.pieces {
        if let Some(more) = piece["text"].as_str() {
            text.push_str(more);
        } else {
            flush(&mut text, &mut parts);
            parts.push(piece.clone());
        }
    }
    flush(&mut text, &mut parts);
    if let (Some(signature), Some(last)) = (&draft.signature, parts.last_mut()) {
        last["thoughtSignature"] = json!(signature);
    }
    candidate(draft, index, parts, true)
}

fn flush(text: &mut String, parts: &mut Vec<Value>) {
    if !text.is_empty() {
        parts.push(json!({ "text": std::mem::take(text) }));
    }
}

/// One event per piece; candidates take turns.
pub(crate) fn stream(answer: &Answer, envelope: &Envelope) -> Vec<Value> {
    let tracks: Vec<Vec<Step>> = answer.candidates.iter().map(|draft| track(draft, envelope.model)).collect();
    let longest = tracks.iter().map(Vec::len).max().unwrap_or(0);
    let (mut spoken, mut thought) = (0, 0);
    let mut events = Vec::new();
    for at in 0..longest {
        for (index, (track, draft)) in tracks.iter().zip(&answer.candidates).enumerate() {
            let Some(step) = track.get(at) else { continue };
            spoken += step.parts.iter().filter(|part| part["thought"] != true).map(piece_tokens).sum::<u64>();
            thought += if at == 0 { draft.thought_tokens } else { 0 };
            let candidate = candidate(draft, index, step.parts.clone(), step.last);
            events.push(event(vec![candidate], usage(answer, envelope, spoken, thought), envelope));
        }
    }
    events
}

/// What one event says of one candidate.
struct Step {
    parts: Vec<Value>,
    last: bool,
}

fn track(draft: &Draft, model: &Model) -> Vec<Step> {
    let step = |part: Value| Step { parts: vec![part], last: false };
    let mut steps: Vec<Step> =
        draft.thoughts.iter().map(|text| step(json!({"text": text, "thought": true}))).collect();
    steps.extend(draft.pieces.iter().cloned().map(step));
    let spoke = !draft.pieces.is_empty();
    // Gemini 3 says goodbye with an empty text; 2.5 finishes on its last piece.
    if model.is_gen3() && spoke {
        let mut empty = json!({"text": ""});
        if let Some(signature) = &draft.signature {
            empty["thoughtSignature"] = json!(signature);
        }
        steps.push(step(empty));
    }
    match steps.last_mut() {
        Some(last) if spoke => last.last = true,
        _ => steps.push(Step { parts: Vec::new(), last: true }),
    }
    steps
}

fn candidate(draft: &Draft, index: usize, parts: Vec<Value>, last: bool) -> Value {
    let mut content = Map::new();
    if !parts.is_empty() {
        content.insert("parts".to_owned(), Value::Array(parts));
    }
    content.insert("role".to_owned(), json!("model"));
    let mut candidate = Map::new();
    candidate.insert("content".to_owned(), Value::Object(content));
    if last {
        candidate.insert("finishReason".to_owned(), json!(draft.finish));
        if let Some(message) = draft.finish_message {
            candidate.insert("finishMessage".to_owned(), json!(message));
        }
    }
    candidate.insert("index".to_owned(), json!(index));
    if last {
        candidate.extend(draft.extras.clone());
    }
    Value::Object(candidate)
}

fn event(candidates: Vec<Value>, usage: Value, envelope: &Envelope) -> Value {
    let mut event = Map::new();
    event.insert("candidates".to_owned(), Value::Array(candidates));
    event.insert("usageMetadata".to_owned(), usage);
    event.insert("modelVersion".to_owned(), json!(envelope.model.version()));
    event.insert("responseId".to_owned(), json!(envelope.response_id));
    Value::Object(event)
}

/// Running totals; counts that are zero are left out, as Google does.
fn usage(answer: &Answer, envelope: &Envelope, spoken: u64, thought: u64) -> Value {
    let prompt = answer.prompt.total();
    let mut usage = Map::new();
    let mut put = |name: &str, value: u64| {
        if value > 0 {
            usage.insert(name.to_owned(), json!(value));
        }
    };
    put("promptTokenCount", prompt);
    put("candidatesTokenCount", spoken);
    put("totalTokenCount", prompt + answer.tool_use + spoken + thought);
    put("cachedContentTokenCount", envelope.cached);
    put("toolUsePromptTokenCount", answer.tool_use);
    put("thoughtsTokenCount", thought);
    usage.insert("promptTokensDetails".to_owned(), details(answer));
    usage.insert("serviceTier".to_owned(), json!("standard"));
    Value::Object(usage)
}

fn details(answer: &Answer) -> Value {
    let rows = [("TEXT", answer.prompt.text), ("IMAGE", answer.prompt.media)];
    rows.iter()
        .filter(|(_, count)| *count > 0)
        .map(|(modality, count)| json!({"modality": modality, "tokenCount": count}))
        .collect()
}

fn piece_tokens(piece: &Value) -> u64 {
    if let Some(text) = piece["text"].as_str() {
        return token::of_text(text);
    }
    if piece["inlineData"].is_object() { 1_290 } else { token::of_text(&piece["functionCall"].to_string()) }
}
