//! Parameters only Google has: safety settings and explicit caches (`wire.md` §2.6, §4.3).

use serde_json::{Value, json};

use super::Work;
use crate::gemini::request::GenerateContentRequest;
use crate::openai::chat::request::fields::Fields;
use crate::openai::chat::request::options::Google;
use crate::openai::error::ApiError;

const CATEGORIES: [&str; 11] = [
    "HARM_CATEGORY_UNSPECIFIED",
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_CIVIC_INTEGRITY",
    "HARM_CATEGORY_JAILBREAK",
    "HARM_CATEGORY_IMAGE_HATE",
    "HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT",
    "HARM_CATEGORY_IMAGE_HARASSMENT",
    "HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT",
];
const THRESHOLDS: [&str; 6] = [
    "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
    "BLOCK_LOW_AND_ABOVE",
    "BLOCK_MEDIUM_AND_ABOVE",
    "BLOCK_ONLY_HIGH",
    "BLOCK_NONE",
    "OFF",
];

/// Sets safety settings and the cache.
pub(super) fn apply(
    google: Google,
    out: &mut GenerateContentRequest,
    work: &mut Work<'_>,
) -> Result<(), ApiError> {
    let mut settings: Vec<Value> = Vec::new();
    for (path, value) in google.safety_settings {
        let setting = safety(Fields::new(path.clone(), value)?)?;
        if settings.iter().any(|known| known.get("category") == setting.get("category")) {
            return Err(ApiError::value(path, "one threshold for each category; remove the second."));
        }
        settings.push(setting);
    }
    out.safety_settings = Some(settings).filter(|settings| !settings.is_empty());
    match google.cached_content {
        Some(name) => cache(name, out, work),
        None => Ok(()),
    }
}

/// The cache brings its own instruction and tools; beside them the request's own are a 400.
fn cache(name: String, out: &mut GenerateContentRequest, work: &mut Work<'_>) -> Result<(), ApiError> {
    let own = "the cached content brings its own.";
    if out.system_instruction.take().is_some() {
        work.notes.ignore("messages.system", own)?;
    }
    if out.tools.take().is_some() {
        work.notes.ignore("tools", own)?;
    }
    if out.tool_config.take().is_some() {
        work.notes.ignore("tool_choice", own)?;
    }
    let name = if name.contains('/') { name } else { format!("cachedContents/{name}") };
    work.hints.resources.push(name.clone());
    out.cached_content = Some(name);
    Ok(())
}

fn safety(mut fields: Fields) -> Result<Value, ApiError> {
    let category = known(&mut fields, "category", &CATEGORIES, "HARM_CATEGORY_")?;
    let threshold = known(&mut fields, "threshold", &THRESHOLDS, "")?;
    Ok(json!({ "category": category, "threshold": threshold }))
}

fn known(
    fields: &mut Fields,
    name: &str,
    known: &[&'static str],
    prefix: &str,
) -> Result<&'static str, ApiError> {
    let Some(text) = fields.string(name)? else {
        return Err(ApiError::missing(fields.at(name), format!("One of {}.", known.join(", "))));
    };
    let upper = text.to_ascii_uppercase();
    let full = format!("{prefix}{upper}");
    let found = known.iter().find(|one| **one == upper || **one == full);
    found
        .copied()
        .ok_or_else(|| ApiError::value(fields.at(name), format!("{text:?} is none of {}.", known.join(", "))))
}
