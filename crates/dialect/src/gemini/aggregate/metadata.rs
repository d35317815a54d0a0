//! What hangs on a candidate besides its parts, merged.

use serde_json::{Map, Value, json};

/// How many sources there are.
pub(super) fn chunk_count(grounding: Option<&Value>) -> usize {
    grounding.and_then(|all| all.get("groundingChunks")).and_then(Value::as_array).map_or(0, Vec::len)
}

/// Adds sources and what they support (`wire.md` §6.7). Numbers of sources count within a hop, or within an event
/// that brings its own; numbers of parts count within a hop.
pub(super) fn add_grounding(
    whole: &mut Option<Value>,
    event: Option<Value>,
    first_part: usize,
    first_chunk: usize,
) {
    let Some(Value::Object(mut event)) = event else { return };
    let whole = whole.get_or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(whole) = whole else { return };
    let new_chunks = list(event.remove("groundingChunks"));
    let mut supports = list(event.remove("groundingSupports"));
    let chunks = list(whole.remove("groundingChunks"));
    let (chunks, offset) = joined_chunks(chunks, new_chunks, first_chunk);
    for support in &mut supports {
        shift_support(support, offset, first_part);
    }
    let mut kept = list(whole.remove("groundingSupports"));
    for support in supports {
        // Cumulative events say a support again.
        if !kept.contains(&support) {
            kept.push(support);
        }
    }
    for (name, values) in [("groundingChunks", chunks), ("groundingSupports", kept)] {
        if !values.is_empty() {
            whole.insert(name.to_owned(), Value::Array(values));
        }
    }
    merge(whole, event);
}

/// The sources together, and what must be added to the event's numbers of them.
fn joined_chunks(mut chunks: Vec<Value>, new: Vec<Value>, first_chunk: usize) -> (Vec<Value>, usize) {
    let of_hop = chunks.get(first_chunk..).unwrap_or_default();
    if new.starts_with(of_hop) {
        // Nothing new, or everything of this hop said again and more.
        chunks.truncate(first_chunk);
        chunks.extend(new);
        return (chunks, first_chunk);
    }
    if new.is_empty() || of_hop.starts_with(&new) {
        return (chunks, first_chunk);
    }
    let offset = chunks.len();
    chunks.extend(new);
    (chunks, offset)
}

fn shift_support(support: &mut Value, chunks: usize, parts: usize) {
    let indices = support.get_mut("groundingChunkIndices").and_then(Value::as_array_mut);
    for index in indices.into_iter().flatten() {
        if let Some(number) = index.as_u64() {
            *index = json!(number.saturating_add(chunks as u64));
        }
    }
    if parts > 0
        && let Some(Value::Object(segment)) = support.get_mut("segment")
    {
        // Google leaves out a part index of 0.
        let index = segment.get("partIndex").and_then(Value::as_u64).unwrap_or(0);
        segment.insert("partIndex".to_owned(), json!(index.saturating_add(parts as u64)));
    }
}

/// Adds the lists in two objects, each entry once; of anything else the later value stands.
pub(super) fn add_lists(whole: &mut Option<Value>, event: Option<Value>) {
    match (whole.as_mut(), event) {
        (Some(Value::Object(whole)), Some(Value::Object(event))) => merge(whole, event),
        (_, Some(event)) => *whole = Some(event),
        (_, None) => {}
    }
}

fn merge(whole: &mut Map<String, Value>, event: Map<String, Value>) {
    for (key, value) in event {
        match (whole.get_mut(&key), value) {
            (Some(Value::Array(kept)), Value::Array(new)) => {
                for entry in new {
                    if !kept.contains(&entry) {
                        kept.push(entry);
                    }
                }
            }
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
}

/// Token probabilities go on in order; equal tokens are not the same token.
pub(super) fn add_logprobs(whole: &mut Option<Value>, event: Option<Value>) {
    match (whole.as_mut(), event) {
        (Some(Value::Object(whole)), Some(Value::Object(event))) => {
            for (key, value) in event {
                match (whole.get_mut(&key), value) {
                    (Some(Value::Array(kept)), Value::Array(new)) => kept.extend(new),
                    (_, value) => {
                        whole.insert(key, value);
                    }
                }
            }
        }
        (_, Some(event)) => *whole = Some(event),
        (_, None) => {}
    }
}

/// Of each category the later rating stands.
pub(super) fn add_ratings(whole: &mut Option<Value>, event: Option<Value>) {
    let (Some(Value::Array(kept)), Some(Value::Array(new))) = (whole.as_mut(), &event) else {
        *whole = event.or(whole.take());
        return;
    };
    for rating in new {
        match kept.iter_mut().find(|known| known.get("category") == rating.get("category")) {
            Some(known) => known.clone_from(rating),
            None => kept.push(rating.clone()),
        }
    }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    }
}
