//! What hangs on a candidate besides its parts, merged.

use serde_json::{Map, Value, json};

/// Where the running hop begins in what is merged: Google numbers parts, sources and bytes anew in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) part: usize,
    pub(crate) chunk: usize,
    /// In the text of the answer, thoughts left out.
    pub(crate) byte: usize,
}

/// The sources, each a chunk.
pub(crate) fn chunks(grounding: Option<&Value>) -> &[Value] {
    entries(grounding.and_then(|all| all.get("groundingChunks")))
}

/// The passages that hang on sources.
pub(crate) fn supports(grounding: Option<&Value>) -> &[Value] {
    entries(grounding.and_then(|all| all.get("groundingSupports")))
}

fn entries(list: Option<&Value>) -> &[Value] {
    list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Adds sources and what they support (`wire.md` §6.7). Numbers of sources count within a hop, or within an event
/// that brings its own; numbers of parts count within a hop. In the whole they count from its beginning.
pub(crate) fn add_grounding(whole: &mut Option<Value>, event: Option<Value>, start: Start) {
    let Some(Value::Object(event)) = event else { return };
    let whole = whole.get_or_insert_with(|| Value::Object(Map::new()));
    let new = entries(event.get("groundingSupports"));
    let new_chunks = entries(event.get("groundingChunks"));
    let (chunks, offset) = joined_chunks(chunks(Some(whole)), new_chunks, reach(new), start.chunk);
    let mut kept = supports(Some(whole)).to_vec();
    for mut support in new.iter().cloned() {
        shift_support(&mut support, offset, start.part);
        // Cumulative events say a support again.
        if !kept.contains(&support) {
            kept.push(support);
        }
    }
    let Value::Object(whole) = whole else { return };
    for (key, value) in event {
        match key.as_str() {
            "groundingChunks" => _ = whole.insert(key, Value::Array(chunks.clone())),
            "groundingSupports" => _ = whole.insert(key, Value::Array(kept.clone())),
            _ => merge_entry(whole, key, value),
        }
    }
}

/// The sources together, and what must be added to the event's numbers of them.
fn joined_chunks(old: &[Value], new: &[Value], reach: usize, first: usize) -> (Vec<Value>, usize) {
    let of_hop = old.get(first..).unwrap_or_default();
    if new.is_empty() || of_hop.starts_with(new) {
        return (old.to_vec(), first);
    }
    // Everything of this hop may be said again, and more.
    let kept = if new.starts_with(of_hop) { old.get(..first).unwrap_or_default() } else { old };
    let counts_in_hop = reach > new.len();
    ([kept, new].concat(), if counts_in_hop { first } else { kept.len() })
}
/// How many sources there must be for the supports to point at.
fn reach(supports: &[Value]) -> usize {
    let indices = supports.iter().filter_map(|support| support.get("groundingChunkIndices")?.as_array());
    let highest = indices.flatten().filter_map(Value::as_u64).max();
    highest.and_then(|index| usize::try_from(index).ok()?.checked_add(1)).unwrap_or(0)
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

/// Adds cited passages; their offsets count from where the hop begins, in the whole from its beginning.
pub(super) fn add_citations(whole: &mut Option<Value>, mut event: Option<Value>, start: Start) {
    let lists = event.as_mut().and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    for citation in lists.filter_map(Value::as_array_mut).flatten() {
        shift_citation(citation, start);
    }
    add_lists(whole, event);
}

pub(crate) fn shift_citation(citation: &mut Value, start: Start) {
    let Value::Object(citation) = citation else { return };
    for key in ["startIndex", "endIndex"] {
        // Google leaves out an index of 0.
        let index = citation.get(key).and_then(Value::as_u64).unwrap_or(0);
        if start.byte > 0 {
            citation.insert(key.to_owned(), json!(index.saturating_add(start.byte as u64)));
        }
    }
}

/// Adds the lists in two objects, each entry once; of anything else the later value stands.
pub(crate) fn add_lists(whole: &mut Option<Value>, event: Option<Value>) {
    match (whole.as_mut(), event) {
        (Some(Value::Object(whole)), Some(Value::Object(event))) => merge(whole, event),
        (_, Some(event)) => *whole = Some(event),
        (_, None) => {}
    }
}

fn merge(whole: &mut Map<String, Value>, event: Map<String, Value>) {
    for (key, value) in event {
        merge_entry(whole, key, value);
    }
}

fn merge_entry(whole: &mut Map<String, Value>, key: String, value: Value) {
    match (whole.get_mut(&key), value) {
        (Some(Value::Array(kept)), Value::Array(new)) => {
            for entry in new {
                if !kept.contains(&entry) {
                    kept.push(entry);
                }
            }
        }
        (Some(_), Value::Null) => {}
        (_, value) => _ = whole.insert(key, value),
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
pub(crate) fn add_ratings(whole: &mut Option<Value>, event: Option<Value>) {
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
