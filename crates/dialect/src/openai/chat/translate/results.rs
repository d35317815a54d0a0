//! Results of functions in Gemini's words (`wire.md` §4.5, items 7 and 8).

use serde_json::{Value, json};

use super::{Work, parts};
use crate::gemini::content::{FunctionResponse, Part};
use crate::openai::chat::request::media::{self, Media, Source};
use crate::openai::chat::request::messages::Piece;

/// Media types Gemini 3 takes inside a function response.
const INSIDE: [&str; 5] = ["image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"];

/// The `functionResponse` for a result, and the media that could not go inside it.
pub(super) fn parts(name: String, id: Option<String>, pieces: Vec<Piece>, work: &mut Work<'_>) -> Vec<Part> {
    let (text, media) = split(pieces);
    let mut inside = Vec::new();
    let mut beside = Vec::new();
    for media in media {
        match media {
            Media { source: Source::Inline { mime, data }, name, .. }
                if work.capabilities.multimodal_tool_results && INSIDE.contains(&mime.as_str()) =>
            {
                inside.push(parts::blob(mime, data, name));
            }
            media => beside.push(parts::media(media, work)),
        }
    }
    let attached = !inside.is_empty() || !beside.is_empty();
    let response = match text {
        None if attached => json!({ "output": "See the attached media." }),
        text => object(&text.unwrap_or_default()),
    };
    let inside = Some(inside).filter(|inside| !inside.is_empty());
    let response = response_part(name, id, response, inside);
    std::iter::once(response).chain(beside).collect()
}

/// The answer to a call nobody answered; Gemini wants one for each.
pub(super) fn missing(name: String, id: Option<String>) -> Part {
    response_part(name, id, json!({ "error": "no result was provided" }), None)
}

fn response_part(name: String, id: Option<String>, response: Value, inside: Option<Vec<Part>>) -> Part {
    let function_response = FunctionResponse {
        id,
        name: Some(name),
        response: Some(response),
        parts: inside,
        ..FunctionResponse::default()
    };
    Part { function_response: Some(function_response), ..Part::default() }
}

/// The texts in one, and the media. A text that is nothing but a data URL is media too.
pub(super) fn split(pieces: Vec<Piece>) -> (Option<String>, Vec<Media>) {
    let mut texts: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text { text, .. } => match media::from_data_url(&text) {
                Some(media) => found.push(media),
                None => texts.push(text),
            },
            Piece::Media(media) => found.push(media),
        }
    }
    (Some(texts).filter(|texts| !texts.is_empty()).map(|texts| texts.join("\n")), found)
}

/// The result as an object. What is JSON already stays JSON, but Gemini reads `$ref` as a pointer to the
/// response's parts, so such a result goes as text.
fn object(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) if !refers(&value) => value,
        Ok(value @ Value::Array(_)) if !refers(&value) => json!({ "output": value }),
        _ => json!({ "output": text }),
    }
}

fn refers(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.contains_key("$ref") || map.values().any(refers),
        Value::Array(list) => list.iter().any(refers),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
