//! A patch over what is stored (JSON Merge Patch, RFC 7396): null takes a value back, objects are merged.

use serde_json::{Map, Value};

/// What is stored after a patch. `held` gives the value a patch of an object goes over if nothing is stored yet.
pub(super) fn over(
    stored: &Map<String, Value>,
    patch: &Map<String, Value>,
    held: &Map<String, Value>,
) -> Map<String, Value> {
    let mut merged = stored.clone();
    for (name, value) in patch {
        match value {
            Value::Null => {
                merged.shift_remove(name);
            }
            Value::Object(inner) => {
                let mut base = stored.get(name).or_else(|| held.get(name)).cloned().unwrap_or_default();
                if !base.is_object() {
                    base = Value::Object(Map::new());
                }
                merge(&mut base, inner);
                merged.insert(name.clone(), base);
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
    merged
}

fn merge(base: &mut Value, patch: &Map<String, Value>) {
    let Value::Object(base) = base else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                base.shift_remove(name);
            }
            Value::Object(inner) => {
                let below = base.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !below.is_object() {
                    *below = Value::Object(Map::new());
                }
                merge(below, inner);
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                base.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_takes_back_and_objects_are_merged() {
        let map = |value: Value| value.as_object().cloned().unwrap();
        let stored = map(json!({ "a": 1, "models": { "x": { "enabled": false, "thinking_budget": 5 } } }));
        let held = map(json!({ "a": 1, "list": [1], "other": { "k": 1 } }));
        let patch = json!({ "a": null, "list": [2], "other": { "l": 2 },
            "models": { "x": { "thinking_budget": null }, "y": { "enabled": false } } });
        let expected = json!({ "list": [2], "other": { "k": 1, "l": 2 },
            "models": { "x": { "enabled": false }, "y": { "enabled": false } } });
        assert_eq!(over(&stored, &map(patch), &held), map(expected));
        assert_eq!(over(&stored, &map(json!({ "models": null })), &held), map(json!({ "a": 1 })));
    }
}
