//! What was different after an act: pairs of before and after, without secrets.

use std::fmt;

use dialect::gemini::redact::redact;
use serde::Serialize;
use serde_json::{Map, Value};

/// The most that is kept of one change, in bytes of JSON.
const LONGEST: usize = 8 << 10;
/// The most that is kept of one text.
const LONGEST_TEXT: usize = 1_000;
/// Whatever has one of these words in its name is a secret.
const SECRET: &[&str] = &[
    "password",
    "secret",
    "token",
    "api_key",
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "private_key",
];
/// Prefixes of what the gateway itself hands out.
const OURS: &[&str] = &["sk-pollux-", "pollux-admin-"];

/// What was different: each field with what it was and what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change(Map<String, Value>);

impl Change {
    /// Compares what there was with what there is: an object field by field, anything else as a whole.
    pub fn between(before: &impl Serialize, after: &impl Serialize) -> Self {
        let value = |side: Result<Value, serde_json::Error>| side.unwrap_or(Value::Null);
        let before = fields(value(serde_json::to_value(before)));
        let mut after = fields(value(serde_json::to_value(after)));
        let mut changes = Map::new();
        for (name, was) in before {
            let is = after.remove(&name).unwrap_or(Value::Null);
            note(&mut changes, &name, was, is);
        }
        for (name, is) in after {
            note(&mut changes, &name, Value::Null, is);
        }
        Self(changes)
    }

    /// Something that was made.
    pub fn made(thing: &impl Serialize) -> Self {
        Self::between(&(), thing)
    }

    /// Something that is gone.
    pub fn gone(thing: &impl Serialize) -> Self {
        Self::between(thing, &())
    }
}

/// As it is stored: `{"enabled":[true,false]}`.
impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Value::Object(self.0.clone()).to_string();
        if text.len() <= LONGEST {
            return formatter.write_str(&text);
        }
        let names: Vec<&String> = self.0.keys().take(100).collect();
        write!(formatter, "{}", serde_json::json!({ "too_long_to_keep": names }))
    }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

fn note(changes: &mut Map<String, Value>, name: &str, was: Value, is: Value) {
    if was == is {
        return;
    }
    let pair = if is_secret(name) {
        let hidden = |value: &Value| if value.is_null() { Value::Null } else { "[redacted]".into() };
        vec![hidden(&was), hidden(&is)]
    } else {
        vec![clean(was), clean(is)]
    };
    changes.insert(redacted(name), Value::Array(pair));
}

/// The same without secrets, however deep.
fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redacted(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(clean).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let value =
                    if is_secret(&name) && !value.is_null() { "[redacted]".into() } else { clean(value) };
                (redacted(&name), value)
            });
            Value::Object(fields.collect())
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    // A count of tokens is none.
    name == "key" || SECRET.iter().any(|word| name.contains(word) && !name.contains("tokens"))
}

/// A text without what looks like a key of Google's or of ours, and without NUL, which stores do not take.
pub(super) fn redacted(text: &str) -> String {
    let mut text = redact(text).replace('\0', "");
    for prefix in OURS {
        while let Some(at) = text.find(prefix) {
            let rest = text.get(at + prefix.len()..).unwrap_or_default();
            let length = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
            text.replace_range(at..at + prefix.len() + length, "[redacted]");
        }
    }
    if text.chars().count() > LONGEST_TEXT {
        text = text.chars().take(LONGEST_TEXT).chain(['…']).collect();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_kept() {
        let cases = [
            (json!({"a": 1, "b": 2}), json!({"a": 1, "b": 3}), r#"{"b":[2,3]}"#),
            (json!({"a": 1}), json!({"c": [1]}), r#"{"a":[1,null],"c":[null,[1]]}"#),
            (json!(null), json!({"name": "Ann"}), r#"{"name":[null,"Ann"]}"#),
            (json!("x"), json!("y"), r#"{"value":["x","y"]}"#),
            (json!({"a": 1}), json!({"a": 1}), "{}"),
        ];
        for (before, after, expected) in cases {
            assert_eq!(Change::between(&before, &after).to_string(), expected);
        }
        assert_eq!(Change::gone(&json!({"name": "Ann"})).to_string(), r#"{"name":["Ann",null]}"#);
    }

    #[test]
    fn no_secret_gets_in() {
        let google = format!("AIzaSy{}", "Canary".repeat(5) + "abc");
        let ours = format!("sk-pollux-{}", "Canary".repeat(8));
        let token = format!("pollux-admin-{}", "Canary".repeat(6));
        let after = json!({
            "password": "Canary", "webhook_secret": {"a": "Canary"}, "key": "Canary", "api_key": ["Canary"],
            "notes": format!("use {google}, {ours} or {token}."), "deep": [{"token": "Canary", "text": ours}],
            google: 1, "max_tokens": 5,
        });
        let shown = Change::made(&after).to_string();
        assert!(!shown.contains("Canary"), "{shown}");
        assert!(
            shown.contains(r#""max_tokens":[null,5]"#) && shown.contains(r#""password":[null,"[redacted]"]"#)
        );
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = Change::made(&json!({"notes": "é".repeat(5_000)})).to_string();
        assert!(long.len() < 2_100 && long.contains('…'));
        let many: Map<String, Value> =
            (0..500).map(|n| (format!("field{n}"), "x".repeat(100).into())).collect();
        let many = Change::made(&many).to_string();
        assert!(many.len() < LONGEST && many.starts_with(r#"{"too_long_to_keep":["field0""#));
    }
}
