//! Bringing keys: what both ways of adding them share.

use std::borrow::Cow;

use axum::body::Body;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::fields::Fields;
use super::keys::words;
use super::{IMPORT_LIMIT, Problem};
use crate::http::Gateway;
use crate::keyring::{Addition, RollError, WordsChange};
use crate::store::record::Origin;

/// A key that is in the pool now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroughtKey)]
pub(super) struct Brought {
    id: String,
    hint: String,
    status: Status,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BroughtStatus)]
enum Status {
    Added,
    Duplicate,
}

impl Brought {
    /// Whether it was there before.
    pub(super) fn is_duplicate(&self) -> bool {
        self.status == Status::Duplicate
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What may be shown of it.
    pub(super) fn hint(&self) -> &str {
        &self.hint
    }
}

/// Adds the keys that the body's `key` holds: a text with one key or many, or a list.
/// What the body says of keys in `label`, `note` and `tags` is said of all of them.
pub(super) async fn import(gateway: &Gateway, request: Body) -> Result<Result<Addition, RollError>, Problem> {
    let fields = Fields::read(request, IMPORT_LIMIT).await?;
    let said = WordsChange { tags: None, tagged: words::tags(&fields, "tags")?, ..words::read(&fields)? };
    Ok(gateway.keyring.add(&pasted(&fields)?, &said, Origin::Admin).await)
}

/// The text that a body brings to look for keys in.
pub(super) async fn text(request: Body) -> Result<String, Problem> {
    let fields = Fields::read(request, IMPORT_LIMIT).await?;
    Ok(pasted(&fields)?.into_owned())
}

/// The keys of an addition, in the order of the text.
pub(super) fn brought(addition: &Addition) -> Vec<Brought> {
    let keys = addition.keys.iter().map(|key| Brought {
        id: key.id.as_str().to_owned(),
        hint: key.hint.clone(),
        status: if key.duplicate { Status::Duplicate } else { Status::Added },
    });
    keys.collect()
}

/// The text to look for keys in. A list goes on as JSON, which the keyring reads too.
fn pasted(fields: &Fields) -> Result<Cow<'_, str>, Problem> {
    let Some(value) = fields.value("key") else { return Ok(Cow::Borrowed("")) };
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_object()) => {
            Ok(Cow::Owned(value.to_string()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) | Value::Array(_) => {
            Err(Problem::field("key", "must be a text or a list of texts"))
        }
    }
}
