//! `enum` and `const`: Gemini takes strings and numbers only.

use serde_json::{Map, Value};

use super::{allow_null, plain};

/// Writes the allowed values as Gemini takes them; those it does not take are told.
pub(super) fn apply(source: &Map<String, Value>, out: &mut Map<String, Value>, told: &mut Vec<String>) {
    let constant = source.get("const").map(|value| vec![value.clone()]);
    let Some(mut values) = constant.or_else(|| source.get("enum")?.as_array().cloned()) else { return };
    let count = values.len();
    values.retain(|value| !value.is_null());
    let null = values.len() < count;
    if values.is_empty() {
        if null {
            out.insert("type".to_owned(), Value::from("null"));
        }
        return;
    }
    list(values, out, told);
    if null {
        allow_null(out);
    }
}

fn list(values: Vec<Value>, out: &mut Map<String, Value>, told: &mut Vec<String>) {
    let all = |test: fn(&Value) -> bool| values.iter().all(test);
    let texts = out.get("type").is_some_and(|kind| kind == "string");
    if all(Value::is_string) || (all(Value::is_number) && !texts) {
        let kind = if all(Value::is_string) {
            "string"
        } else if all(|value| value.is_i64() || value.is_u64()) {
            "integer"
        } else {
            "number"
        };
        out.entry("type").or_insert_with(|| Value::from(kind));
        out.insert("enum".to_owned(), Value::Array(values));
    } else if all(Value::is_boolean) || !all(|value| !value.is_object() && !value.is_array()) {
        if all(Value::is_boolean) {
            out.entry("type").or_insert_with(|| Value::from("boolean"));
        }
        let texts: Vec<String> = values.iter().map(plain).collect();
        told.push(format!("one of: {}", texts.join(", ")));
    } else {
        // Mixed scalars: only strings can say all of them.
        out.insert("type".to_owned(), Value::from("string"));
        out.insert("enum".to_owned(), values.iter().map(|value| Value::String(plain(value))).collect());
    }
}
