//! The places where clients carry a thought signature back to us (`wire.md` §4.6).

use serde_json::Value;

use super::fields::Fields;
use crate::gemini::repair::{SENTINEL, SENTINEL_BASE64};

/// Google's documented bypasses, which clients may echo: they sign nothing.
const BYPASSES: [&str; 3] = [SENTINEL, SENTINEL_BASE64, "context_engineering_is_the_way_to_go"];

/// What separates a call id from a signature hidden in it (LiteLLM).
const IN_ID: &str = "__thought__";

const ON_CALL: &[&[&str]] = &[
    &["extra_content", "google", "thought_signature"],
    &["extra_content", "vertex", "thought_signature"],
    &["function", "extra_content", "google", "thought_signature"],
    &["function", "extra_content", "vertex", "thought_signature"],
    &["thought_signature"],
    &["thoughtSignature"],
    &["function", "thought_signature"],
    &["function", "thoughtSignature"],
    &["provider_specific_fields", "thought_signature"],
    &["function", "provider_specific_fields", "thought_signature"],
    &["provider_specific_fields", "thought_signatures", "0"],
];

const ON_MESSAGE: &[&[&str]] = &[
    &["extra_content", "google", "thought_signature"],
    &["extra_content", "vertex", "thought_signature"],
    &["provider_specific_fields", "thought_signature"],
    &["provider_specific_fields", "thought_signatures", "0"],
];

const BARE_ON_MESSAGE: &[&[&str]] = &[&["thought_signature"], &["thoughtSignature"]];

/// A signature found on an assistant message and not on one of its calls.
#[derive(Clone, Debug)]
pub(crate) struct Loose {
    /// The signature.
    pub(crate) value: String,
    /// The carrier does not say whether text or call is meant; with calls, it is the first call.
    pub(crate) bare: bool,
}

/// The signature on a tool call or a content part.
pub(super) fn on_call(fields: &mut Fields) -> Option<String> {
    first(fields, ON_CALL)
}

/// The signature on an assistant message.
pub(super) fn on_message(fields: &mut Fields) -> Option<Loose> {
    let text = first(fields, ON_MESSAGE).map(|value| Loose { value, bare: false });
    text.or_else(|| first(fields, BARE_ON_MESSAGE).map(|value| Loose { value, bare: true }))
}

/// The entries of `reasoning_details` that hold a signature: the call it belongs to, and the signature.
pub(super) fn in_details(fields: &mut Fields) -> Vec<(Option<String>, String)> {
    let Some(Value::Array(details)) = fields.take("reasoning_details") else { return Vec::new() };
    let entry = |detail: Value| {
        let mut detail = Fields::new("", detail).ok()?;
        let kind = detail.string("type").ok().flatten()?;
        let signature = detail.take("data").and_then(usable).filter(|_| kind.contains("encrypted"))?;
        let id = detail.string("id").ok().flatten().map(|id| split_id(id).0);
        Some((id, signature))
    };
    details.into_iter().filter_map(entry).collect()
}

/// A call id without a signature hidden in it, and that signature.
pub(super) fn split_id(mut id: String) -> (String, Option<String>) {
    let Some(at) = id.find(IN_ID) else { return (id, None) };
    let signature = id.split_off(at).split_off(IN_ID.len());
    (id, usable(Value::String(signature)))
}

fn first(fields: &mut Fields, paths: &[&[&str]]) -> Option<String> {
    paths.iter().find_map(|path| fields.dig(path).and_then(usable))
}

/// A signature that can be sent: base64 of either alphabet, and not a bypass that someone echoes.
fn usable(value: Value) -> Option<String> {
    let Value::String(signature) = value else { return None };
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    let real = !BYPASSES.contains(&signature.as_str());
    (real && !signature.is_empty() && signature.bytes().all(alphabet)).then_some(signature)
}
