//! `response_format` (`wire.md` §4.7).

use serde_json::json;

use super::{Work, schema};
use crate::gemini::request::{GenerateContentRequest, GenerationConfig};
use crate::openai::chat::request::options::Format;
use crate::openai::error::ApiError;

const JSON: &str = "application/json";

/// Sets the shape of the answer. Where the model cannot be held to it, returns an instruction to say instead.
pub(super) fn apply(
    format: &Format,
    config: &mut GenerationConfig,
    out: &GenerateContentRequest,
    work: &mut Work<'_>,
) -> Result<Option<String>, ApiError> {
    let schema = match format {
        Format::Text => return Ok(None),
        Format::Json => None,
        Format::Schema(schema) => Some(schema::simplify(schema)),
    };
    if is_forced(out) {
        // A forced call leaves no text to be shaped, and Google refuses the two together.
        return Ok(None);
    }
    if out.tools.is_some() && !work.capabilities.json_with_tools {
        // Before generation 3 tools and JSON mode together are a 400.
        work.notes.ignore("response_format", "this model has no JSON mode beside tools.")?;
        let shape =
            schema.map(|schema| format!(" It must match this JSON Schema: {schema}")).unwrap_or_default();
        let text =
            format!("Unless you call a tool, answer with one JSON value only, without Markdown.{shape}");
        return Ok(Some(text));
    }
    if has_maps(out) {
        let mut text = json!({ "mimeType": "APPLICATION_JSON" });
        if let (Some(schema), Some(text)) = (schema, text.as_object_mut()) {
            text.insert("schema".to_owned(), schema);
        }
        config.extra.insert("responseFormat".to_owned(), json!({ "text": text }));
        return Ok(None);
    }
    config.response_mime_type = Some(JSON.to_owned());
    config.response_json_schema = schema;
    Ok(None)
}

fn is_forced(out: &GenerateContentRequest) -> bool {
    let calling = out.tool_config.as_ref().and_then(|config| config.function_calling_config.as_ref());
    calling.and_then(|calling| calling.mode.as_deref()) == Some("ANY")
}

fn has_maps(out: &GenerateContentRequest) -> bool {
    out.tools.iter().flatten().any(|tool| tool.extra.contains_key("googleMaps"))
}
