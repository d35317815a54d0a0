//! Merging the branches of an `allOf` into one schema.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// Does the schema say more than a name and a description?
pub(super) fn constrains(schema: &Map<String, Value>) -> bool {
    const KEYS: [&str; 10] = [
        "type",
        "properties",
        "required",
        "items",
        "prefixItems",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "additionalProperties",
    ];
    KEYS.iter().any(|key| schema.contains_key(*key))
}

/// Adds what `from` demands to `base`.
pub(super) fn into(base: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match base.get_mut(&key) {
            None => _ = base.insert(key, value),
            Some(known) if *known == value => {}
            Some(known) => both(&key, known, value),
        }
    }
}

/// Makes `known` demand what `other` demands too, where the two differ.
fn both(key: &str, known: &mut Value, other: Value) {
    match (key, &mut *known, other) {
        ("properties", Value::Object(known), Value::Object(other)) => {
            for (name, schema) in other {
                match known.get_mut(&name) {
                    None => _ = known.insert(name, schema),
                    Some(known) => collect(known, schema),
                }
            }
        }
        ("$defs" | "definitions", Value::Object(known), Value::Object(other)) => {
            for (name, schema) in other {
                known.entry(name).or_insert(schema);
            }
        }
        ("required", Value::Array(known), Value::Array(other)) => {
            known.extend(other.into_iter().filter(Value::is_string));
        }
        ("enum", Value::Array(known), Value::Array(other)) => {
            let other: HashSet<String> = other.iter().map(Value::to_string).collect();
            if known.iter().any(|one| other.contains(&one.to_string())) {
                known.retain(|one| other.contains(&one.to_string()));
            }
        }
        ("type", known, other) => kinds(known, &other),
        ("minimum" | "minItems" | "minLength", known, other) if above(&other, known) => *known = other,
        ("maximum" | "maxItems" | "maxLength", known, other) if above(known, &other) => *known = other,
        _ => {}
    }
}

/// Both schemas, to be merged when their turn comes. One list, not one inside the other: depth is dangerous.
fn collect(known: &mut Value, schema: Value) {
    match known.get_mut("allOf") {
        Some(Value::Array(branches)) => branches.push(schema),
        _ => *known = json!({ "allOf": [known.take(), schema] }),
    }
}

/// The types both allow; what is known if that is none.
fn kinds(known: &mut Value, other: &Value) {
    let list = |value: &Value| match value {
        Value::Array(names) => names.clone(),
        name => vec![name.clone()],
    };
    let other = list(other);
    let common: Vec<Value> = list(known).into_iter().filter(|name| other.contains(name)).collect();
    if !common.is_empty() {
        *known = Value::Array(common);
    } else if other.iter().any(|name| name == "integer") && list(known).iter().any(|name| name == "number") {
        *known = Value::from("integer");
    }
}

fn above(one: &Value, other: &Value) -> bool {
    matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one > other)
}
