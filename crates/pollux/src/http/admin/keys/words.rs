//! What a body says of keys: `label`, `note`, `tags`.

use serde_json::Value;

use crate::http::admin::Problem;
use crate::http::admin::fields::Fields;
use crate::keyring::WordsChange;

/// What the body mentions. Null takes away.
pub(in crate::http::admin) fn read(fields: &Fields) -> Result<WordsChange, Problem> {
    let text = |name| -> Result<Option<String>, Problem> {
        Ok(fields.mentions(name).then_some(fields.text(name)?.unwrap_or_default().to_owned()))
    };
    Ok(WordsChange {
        label: text("label")?,
        note: text("note")?,
        tags: fields.mentions("tags").then_some(tags(fields, "tags")?),
        ..WordsChange::default()
    })
}

/// A list of texts, empty if there is none.
pub(in crate::http::admin) fn tags(fields: &Fields, name: &'static str) -> Result<Vec<String>, Problem> {
    let wrong = || Problem::field(name, "must be a list of texts, each 1 to 32 of a-z, 0-9, _ and -");
    let Some(value) = fields.value(name) else { return Ok(Vec::new()) };
    let items = value.as_array().ok_or_else(wrong)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

/// Ids in a list, or nothing if there is none.
pub(super) fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}
