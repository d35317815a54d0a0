//! What values a setting takes: the same rule for text and for JSON.

use serde_json::{Value, json};

use super::problem::Bad;

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// On or off.
    Switch,
    /// A whole number of a range.
    Whole {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A whole number of a range, or `off`.
    WholeOrOff {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A stretch of time of at least so many milliseconds.
    Time {
        /// The shortest, in milliseconds.
        least_ms: u64,
        /// What a bare number means: `s` or `m`.
        unit: &'static str,
    },
    /// The same, or `off`.
    TimeOrOff {
        /// The shortest, in milliseconds.
        least_ms: u64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A model's name.
    Model,
    /// A text of at most so many characters.
    Text {
        /// The most characters.
        most: usize,
    },
    /// Origins of web pages.
    Origins,
    /// What is set for single models.
    Models,
    /// What names of the operator's own mean.
    Aliases,
}

impl Kind {
    /// A JSON value as the text that means the same. A value of another JSON type is refused: `"false"` is no switch.
    pub(super) fn text_of(&self, value: &Value) -> Result<String, Bad> {
        let whole = |value: &Value| value.as_i64().map(|number| number.to_string());
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let off = |value: &Value| value.as_str().filter(|text| *text == "off").map(str::to_owned);
        let (found, reason, way_out) = match self {
            Self::Switch => {
                let word = value.as_bool().map(|on| if on { "on" } else { "off" }.to_owned());
                (word, "must be true or false", "send a JSON truth value, not a text")
            }
            Self::Whole { .. } => (whole(value), "must be a whole number", "send a JSON number, not a text"),
            Self::WholeOrOff { .. } => (
                whole(value).or_else(|| off(value)),
                "must be a whole number or \"off\"",
                "send a JSON number, or the text \"off\"",
            ),
            Self::Time { .. } | Self::TimeOrOff { .. } => (
                text(value).or_else(|| whole(value)),
                "must be a time",
                "send a text such as \"500ms\", \"10s\" or \"2m\", or a whole number",
            ),
            Self::Choice(_) | Self::Model | Self::Text { .. } => {
                (text(value), "must be a text", "send a JSON string")
            }
            Self::Origins => {
                let list = |value: &Value| {
                    let items = value.as_array()?.iter().map(Value::as_str);
                    items.collect::<Option<Vec<_>>>().map(|items| items.join("\n"))
                };
                (
                    list(value).or_else(|| text(value)),
                    "must be a list of texts",
                    "send a JSON array of strings",
                )
            }
            Self::Models => (
                value.is_object().then(|| value.to_string()),
                "must be an object",
                "send an object with one member for each model",
            ),
            Self::Aliases => (
                value.is_object().then(|| value.to_string()),
                "must be an object",
                "send an object such as {\"gpt-*\": \"gemini-3.8-flash\"}",
            ),
        };
        found.ok_or_else(|| Bad::new(reason, way_out))
    }

    /// What values it takes, as data.
    pub fn constraints(&self) -> Value {
        match self {
            Self::Switch => json!({ "type": "boolean" }),
            Self::Whole { least, most } => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Self::WholeOrOff { least, most } => {
                json!({ "type": "integer", "minimum": least, "maximum": most, "or": "off" })
            }
            Self::Time { least_ms, unit } => {
                json!({ "type": "duration", "minimum_ms": least_ms, "bare_number": unit })
            }
            Self::TimeOrOff { least_ms } => {
                json!({ "type": "duration", "minimum_ms": least_ms, "bare_number": "s", "or": "off" })
            }
            Self::Choice(words) => json!({ "type": "string", "enum": words }),
            Self::Model => json!({ "type": "string", "format": "model" }),
            Self::Text { most } => json!({ "type": "string", "maxLength": most }),
            Self::Origins => json!({ "type": "array", "items": { "type": "string", "format": "origin" } }),
            Self::Models => json!({ "type": "object", "additionalProperties": {
                "enabled": "boolean", "thinking_budget": "integer, -1 to 32768", "include_thoughts": "boolean",
            } }),
            Self::Aliases => {
                json!({ "type": "object", "additionalProperties": { "type": "string", "format": "model" } })
            }
        }
    }

    /// What values it takes, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Switch => "`on` or `off`".to_owned(),
            Self::Whole { least, most } => format!("{least} to {most}"),
            Self::WholeOrOff { least, most } => format!("{least} to {most}, or `off`"),
            Self::Time { least_ms: 0, unit } => format!("a time; a bare number is {}", unit_word(unit)),
            Self::Time { unit, .. } => format!("a time above zero; a bare number is {}", unit_word(unit)),
            Self::TimeOrOff { least_ms } => format!("a time of at least {least_ms}ms, or `off`"),
            Self::Choice(words) => {
                words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
            }
            Self::Model => "a model's name".to_owned(),
            Self::Text { most } => format!("a text of up to {most} characters"),
            Self::Origins => "origins, separated by commas".to_owned(),
            Self::Models => "an object; in the environment, as JSON".to_owned(),
            Self::Aliases => "an object; in the environment, as JSON or `name=model, …`".to_owned(),
        }
    }
}

fn unit_word(unit: &str) -> &'static str {
    if unit == "m" { "minutes" } else { "seconds" }
}
