//! Function calls that come in pieces.
//!
//! The Developer API sends calls whole (`gemini-2026-11.md` §1.3), but `partialArgs` exist in the wire
//! format: a call that is opened by its name, filled by JSON path, and closed by a piece without
//! `willContinue`.

use serde_json::{Map, Value};

use crate::gemini::content::FunctionCall;

/// Lists longer than this are not built from a path: `[4000000000]` must not cost memory.
const LONGEST_LIST: usize = 4096;

/// A call that is whole, with the signature of its part.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Whole {
    pub(crate) call: FunctionCall,
    pub(crate) signature: Option<String>,
}

/// The call that is being put together, if any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assembly {
    open: Option<Whole>,
}

impl Assembly {
    /// Takes one part; returns the calls that are whole now, at most the one before and this one.
    pub(crate) fn take(&mut self, call: &FunctionCall, signature: Option<&String>) -> [Option<Whole>; 2] {
        let named = call.name.as_deref().is_some_and(|name| !name.is_empty());
        let before = if named { self.open.take() } else { None };
        if named {
            self.open = Some(Whole { call: without_pieces(call), signature: signature.cloned() });
        }
        if let Some(open) = &mut self.open {
            fill(&mut open.call, call);
            if open.signature.is_none() {
                open.signature = signature.cloned();
            }
        }
        let now = if goes_on(call) { None } else { self.open.take() };
        [before, now]
    }

    /// The stream ended: the call whose closing piece never came.
    pub(crate) fn finish(&mut self) -> Option<Whole> {
        self.open.take()
    }
}

fn goes_on(call: &FunctionCall) -> bool {
    call.extra.get("willContinue").and_then(Value::as_bool).unwrap_or(false)
}

fn without_pieces(call: &FunctionCall) -> FunctionCall {
    FunctionCall { extra: Map::new(), ..call.clone() }
}

fn fill(call: &mut FunctionCall, piece: &FunctionCall) {
    for argument in piece.extra.get("partialArgs").and_then(Value::as_array).into_iter().flatten() {
        let path = argument["jsonPath"].as_str().unwrap_or_default();
        let args = call.args.get_or_insert_with(|| Value::Object(Map::new()));
        if let (Some(place), Some(value)) = (descend(args, path), value_of(argument)) {
            put(place, value);
        }
    }
}

fn value_of(argument: &Value) -> Option<Value> {
    let kinds = ["stringValue", "numberValue", "boolValue"];
    let value = kinds.iter().find_map(|kind| argument.get(*kind)).cloned();
    value.or_else(|| argument.get("nullValue").map(|_| Value::Null))
}

/// Strings come in pieces too.
fn put(place: &mut Value, value: Value) {
    match (place, value) {
        (Value::String(old), Value::String(new)) => old.push_str(&new),
        (place, value) => *place = value,
    }
}

/// The place a path such as `$.stops[0].name` or `$['two words']` names, made where it is missing.
fn descend<'a>(root: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let mut place = root;
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    while !rest.is_empty() {
        if let Some(bracket) = rest.strip_prefix('[') {
            let (inner, after) = bracket.split_once(']')?;
            rest = after;
            place = match inner.parse::<usize>() {
                Ok(index) => element(place, index)?,
                Err(_) => member(place, inner.trim_matches(['\'', '"'])),
            };
        } else {
            let names = rest.strip_prefix('.').unwrap_or(rest);
            let end = names.find(['.', '[']).unwrap_or(names.len());
            let (name, after) = names.split_at_checked(end)?;
            if name.is_empty() {
                return None;
            }
            rest = after;
            place = member(place, name);
        }
    }
    Some(place)
}

fn member<'a>(place: &'a mut Value, name: &str) -> &'a mut Value {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    &mut place[name]
}

fn element(place: &mut Value, index: usize) -> Option<&mut Value> {
    if index >= LONGEST_LIST {
        return None;
    }
    if !place.is_array() {
        *place = Value::Array(Vec::new());
    }
    let list = place.as_array_mut()?;
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    list.get_mut(index)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(pieces: &[Value]) -> Vec<(String, Value)> {
        let mut assembly = Assembly::default();
        let mut whole: Vec<Whole> = pieces
            .iter()
            .flat_map(|piece| assembly.take(&serde_json::from_value(piece.clone()).unwrap(), None))
            .flatten()
            .collect();
        whole.extend(assembly.finish());
        whole
            .into_iter()
            .map(|whole| (whole.call.name.unwrap(), whole.call.args.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn pieces_become_one_call() {
        let calls = run(&[
            json!({"name": "book_table", "willContinue": true}),
            json!({"partialArgs": [{"jsonPath": "$.guests[0].name", "stringValue": "Ada", "willContinue": true}], "willContinue": true}),
            json!({"partialArgs": [{"jsonPath": "$.guests[0].name", "stringValue": " L."}], "willContinue": true}),
            json!({"partialArgs": [{"jsonPath": "$['a seat']", "boolValue": true}, {"jsonPath": "$.at", "numberValue": 7.5}], "willContinue": true}),
            json!({}),
            json!({"name": "done"}),
        ]);
        let booked = json!({"guests": [{"name": "Ada L."}], "a seat": true, "at": 7.5});
        assert_eq!(calls, [("book_table".to_owned(), booked), ("done".to_owned(), Value::Null)]);
    }

    #[test]
    fn a_call_without_its_end_is_kept_and_a_piece_without_a_call_is_not() {
        let calls = run(&[
            json!({"partialArgs": [{"jsonPath": "$.x", "numberValue": 1}]}),
            json!({"name": "first", "willContinue": true, "partialArgs": [{"jsonPath": "$.n", "nullValue": "NULL_VALUE"}]}),
            json!({"name": "second", "args": {"k": 1}, "willContinue": true}),
        ]);
        assert_eq!(calls, [("first".to_owned(), json!({"n": null})), ("second".to_owned(), json!({"k": 1}))]);
    }

    #[test]
    fn absurd_paths_are_skipped() {
        for path in ["$[4000000000]", "$.", "$[", "$..x"] {
            let calls = run(&[json!({"name": "f", "partialArgs": [{"jsonPath": path, "numberValue": 1}]})]);
            assert_eq!(calls.len(), 1, "{path}");
        }
    }
}
