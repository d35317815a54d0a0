//! Content parts in Gemini's words (`wire.md` §4.2).

use serde_json::json;

use super::Work;
use crate::gemini::content::{Blob, Extra, FileData, Part};
use crate::gemini::request::GenerationConfig;
use crate::openai::chat::request::media::{Detail, Media, Source};
use crate::openai::chat::request::messages::Piece;

/// The parts of a message; empty texts say nothing and are refused upstream.
pub(super) fn all(pieces: Vec<Piece>, work: &mut Work<'_>) -> Vec<Part> {
    pieces.into_iter().filter_map(|piece| part(piece, work)).collect()
}

fn part(piece: Piece, work: &mut Work<'_>) -> Option<Part> {
    match piece {
        Piece::Text { text, signature } => {
            let signature = signature.filter(|_| work.takes_signatures());
            // An empty text that carries a signature is the one exception (`gemini-2026-11.md` §4.1).
            (!text.is_empty() || signature.is_some())
                .then(|| Part { thought_signature: signature, ..Part::text(text) })
        }
        Piece::Media(media) => Some(self::media(media, work)),
    }
}

/// One piece of media.
pub(super) fn media(media: Media, work: &mut Work<'_>) -> Part {
    let Media { source, detail, video, name: _, signature } = media;
    let mut part = match source {
        Source::Inline { mime, data } => Part::inline(mime, data),
        Source::Uri { uri, mime } => {
            work.hints.resources.extend(resource(&uri));
            let file = FileData { file_uri: Some(uri), mime_type: mime, extra: Extra::new() };
            Part { file_data: Some(file), ..Part::default() }
        }
    };
    part.thought_signature = signature.filter(|_| work.takes_signatures());
    part.extra.extend(video.map(|video| ("videoMetadata".to_owned(), video)));
    if let Some(detail) = detail {
        if work.capabilities.part_media_resolution {
            let level = json!({ "level": wire(detail, true) });
            part.extra.insert("mediaResolution".to_owned(), level);
        }
        work.detail = work.detail.max(Some(detail));
    }
    part
}

/// Media inside a function response, which Google names.
pub(super) fn blob(mime: String, data: String, name: Option<String>) -> Part {
    let extra = name.map(|name| ("displayName".to_owned(), name.into())).into_iter().collect();
    let blob = Blob { mime_type: Some(mime), data: Some(data), extra };
    Part { inline_data: Some(blob), ..Part::default() }
}

/// Older models know one resolution for the whole request: the closest look that was asked for.
pub(super) fn resolution(config: &mut GenerationConfig, work: &Work<'_>) {
    if let (Some(detail), false) = (work.detail, work.capabilities.part_media_resolution) {
        config.extra.insert("mediaResolution".to_owned(), json!(wire(detail, false)));
    }
}

fn wire(detail: Detail, ultra: bool) -> &'static str {
    match detail {
        Detail::Low => "MEDIA_RESOLUTION_LOW",
        Detail::Medium => "MEDIA_RESOLUTION_MEDIUM",
        Detail::UltraHigh if ultra => "MEDIA_RESOLUTION_ULTRA_HIGH",
        Detail::High | Detail::UltraHigh => "MEDIA_RESOLUTION_HIGH",
    }
}

/// `files/…` in a URI of Google's Files API: only the project that owns the file can serve the call.
fn resource(uri: &str) -> Option<String> {
    let path = uri.strip_prefix("https://generativelanguage.googleapis.com/")?;
    let id = path.split_once("files/")?.1;
    let id = id.split(['?', '#', '/', ':']).next().filter(|id| !id.is_empty())?;
    Some(format!("files/{id}"))
}
