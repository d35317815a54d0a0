//! `image.source` and `document.source`.

use serde_json::Value;

use super::{Idle, blocks};
use crate::openai::chat::request::fields::{Fields, mistyped};
use crate::openai::chat::request::media::{self, Media};
use crate::openai::chat::request::messages::Piece;
use crate::openai::error::ApiError;

/// An image block.
pub(super) fn image(fields: &mut Fields) -> Result<Media, ApiError> {
    let mut source = source(fields)?;
    let kind = source.string("type")?.unwrap_or_default();
    match media(&kind, &mut source, None)? {
        Some(media) => Ok(media),
        None => Err(unknown(&source, &kind, "base64, url or file")),
    }
}

/// A document block: what it is called, then what it holds.
pub(super) fn document(fields: &mut Fields, idle: &mut Idle) -> Result<Vec<Piece>, ApiError> {
    if fields.take("citations").is_some_and(|citations| citations["enabled"] == true) {
        // Gemini cites what it searched, not what it was given.
        idle.note("messages.document.citations");
    }
    let name = fields.string("title")?;
    let heads = [name.clone(), fields.string("context")?];
    let heads = heads.into_iter().flatten().filter(|text| !text.is_empty()).map(Piece::text);
    let mut all: Vec<Piece> = heads.collect();
    let mut source = source(fields)?;
    let kind = source.string("type")?.unwrap_or_default();
    match kind.as_str() {
        "text" => match source.string("data")? {
            Some(text) => all.push(Piece::text(text)),
            None => return Err(ApiError::missing(source.at("data"), "Send the text here.")),
        },
        "content" => {
            let path = source.at("content");
            match source.take("content") {
                Some(Value::String(text)) => all.push(Piece::text(text)),
                Some(Value::Array(items)) => all.extend(blocks::pieces(&path, items, idle)?),
                other => {
                    return Err(mistyped(&path, "a string or a list of blocks", &other.unwrap_or_default()));
                }
            }
        }
        kind => match media(kind, &mut source, Some("application/pdf"))? {
            Some(media) => all.push(Piece::Media(Media { name, ..media })),
            None => return Err(unknown(&source, kind, "base64, text, content, url or file")),
        },
    }
    Ok(all)
}

fn source(fields: &mut Fields) -> Result<Fields, ApiError> {
    let path = fields.at("source");
    fields.object("source")?.ok_or_else(|| ApiError::missing(path, "Say where the bytes are."))
}

/// The kinds that images and documents share; `None` for any other.
fn media(kind: &str, source: &mut Fields, fallback: Option<&'static str>) -> Result<Option<Media>, ApiError> {
    let name = match kind {
        "base64" => "data",
        "url" => "url",
        "file" => "file_id",
        _ => return Ok(None),
    };
    let path = source.at(name);
    let Some(text) = source.string(name)? else {
        return Err(ApiError::missing(path, "A source of this type holds a string here."));
    };
    Ok(Some(match kind {
        "base64" => {
            let mime = source.string("media_type")?;
            media::of_base64(&path, text, mime.as_deref().or(fallback).unwrap_or_default())?
        }
        "url" => media::of_url(&path, text, fallback)?,
        _ => media::of_file(&text),
    }))
}

fn unknown(source: &Fields, kind: &str, known: &str) -> ApiError {
    ApiError::value(source.at("type"), format!("unknown source {kind:?}; use {known}."))
}
