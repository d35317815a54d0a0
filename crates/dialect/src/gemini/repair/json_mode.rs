//! JSON mode said in words, for models that do not take it together with functions.

use serde_json::Value;

use super::config;
use crate::gemini::content::{Content, Part};
use crate::gemini::request::{GenerateContentRequest, GenerationConfig};

/// Drops JSON mode and asks for JSON in the system instruction.
pub(super) fn drop(request: &mut GenerateContentRequest) -> bool {
    let Some(config) = config(request) else { return false };
    let schema = take_schema(config);
    if config.response_mime_type.take().is_none() && schema.is_none() {
        return false;
    }
    let mut text = "Answer with JSON only: no other text, no Markdown fence.".to_owned();
    if let Some(schema) = schema {
        text.push_str(" The JSON must satisfy this schema: ");
        text.push_str(&schema.to_string());
    }
    let instruction = request.system_instruction.get_or_insert_with(Content::default);
    instruction.parts.get_or_insert_default().push(Part::text(text));
    true
}

fn take_schema(config: &mut GenerationConfig) -> Option<Value> {
    let named = config.response_json_schema.take();
    ["responseSchema", "response_schema", "responseFormat"]
        .iter()
        .fold(named, |found, name| found.or(config.extra.shift_remove(*name)))
}
