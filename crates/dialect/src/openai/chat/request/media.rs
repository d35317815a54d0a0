//! Images, audio, video and documents in a message, in all the forms clients send them (`wire.md` §4.2).
//!
//! Nothing is fetched here: an `https` URL stays a reference.

mod data;

use serde_json::Value;

use self::data::{bare, data_url, is_data_url};
use super::fields::{Fields, mistyped};
use super::mime;
use crate::openai::error::ApiError;

/// Where Google keeps uploaded files.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/";

/// One piece of media.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    /// The bytes, or where they are.
    pub(crate) source: Source,
    /// How closely to look.
    pub(crate) detail: Option<Detail>,
    /// `videoMetadata`, as Gemini takes it.
    pub(crate) video: Option<Value>,
    /// The file's name.
    pub(crate) name: Option<String>,
    /// The signature that came back on it.
    pub(crate) signature: Option<String>,
}

/// The bytes, or where they are.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Base64 in the standard alphabet, padded.
    Inline { mime: String, data: String },
    /// Something Google fetches.
    Uri { uri: String, mime: Option<String> },
}

/// How closely to look at an image, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    Low,
    Medium,
    High,
    UltraHigh,
}

impl Source {
    fn plain(self) -> Media {
        Media { source: self, detail: None, video: None, name: None, signature: None }
    }
}

/// `image_url: {url, detail}`, or the flat forms.
pub(super) fn image(fields: &mut Fields) -> Result<Media, ApiError> {
    let mut inner = nested(fields, "image_url")?;
    let detail = match detail(&mut inner)? {
        None => detail(fields)?,
        found => found,
    };
    let hint = mime_hint(&mut inner)?;
    if let Some(url) = inner.string("url")? {
        let source = locate(&inner.at("url"), url, hint, None)?;
        return Ok(Media { detail, ..source.plain() });
    }
    match fields.string("file_id")? {
        Some(id) => Ok(Media { detail, ..uploaded(&id, hint).plain() }),
        None => Err(ApiError::missing(inner.at("url"), "Send a data URL or an https URL.")),
    }
}

/// `input_audio: {data, format}`.
pub(super) fn audio(fields: &mut Fields) -> Result<Media, ApiError> {
    let path = fields.at("input_audio");
    let Some(mut inner) = fields.object("input_audio")? else {
        return Err(ApiError::missing(path, "Send {data, format} here."));
    };
    let hint = match inner.string("format")? {
        None => None,
        Some(format) => Some(mime::of_audio_format(&format).ok_or_else(|| {
            let known = "wav, mp3, flac, ogg, opus, aac, m4a, aiff or pcm16";
            ApiError::value(inner.at("format"), format!("unknown audio format {format:?}; use {known}."))
        })?),
    };
    let Some(data) = inner.string("data")? else {
        return Err(ApiError::missing(inner.at("data"), "Send the audio as base64."));
    };
    let path = inner.at("data");
    let hint = hint.map(str::to_owned);
    let source = if is_data_url(&data) {
        data_url(&path, data, hint, Some("audio/wav"))?
    } else {
        bare(&path, data, hint, Some("audio/wav"))?
    };
    Ok(source.plain())
}

/// `file: {file_data | file_id | file_url, filename}`, or the flat form.
pub(super) fn file(fields: &mut Fields) -> Result<Media, ApiError> {
    let mut nested = fields.object("file")?;
    let inner = nested.as_mut().unwrap_or(fields);
    let name = inner.string("filename")?;
    let hint = match mime_hint(inner)? {
        None => name.as_deref().and_then(mime::of_name).map(str::to_owned),
        given => given,
    };
    let video = video_metadata(inner)?;
    let source = if let Some(data) = inner.string("file_data")? {
        let path = inner.at("file_data");
        let fallback = Some("application/pdf");
        if is_data_url(&data) {
            data_url(&path, data, hint, fallback)
        } else {
            bare(&path, data, hint, fallback)
        }?
    } else if let Some(id) = inner.string("file_id")? {
        uploaded(&id, hint)
    } else if let Some(url) = inner.string("file_url")? {
        locate(&inner.at("file_url"), url, hint, Some("application/pdf"))?
    } else {
        return Err(ApiError::missing(inner.at("file_data"), "Send file_data, file_id or file_url."));
    };
    Ok(Media { video, name, ..source.plain() })
}

/// `video_url: {url}`, a common extension.
pub(super) fn video(fields: &mut Fields) -> Result<Media, ApiError> {
    let mut inner = nested(fields, "video_url")?;
    let video = match video_metadata(&mut inner)? {
        None => video_metadata(fields)?,
        found => found,
    };
    let detail = detail(&mut inner)?;
    let hint = mime_hint(&mut inner)?;
    let Some(url) = inner.string("url")? else {
        return Err(ApiError::missing(inner.at("url"), "Send an https URL or a data URL."));
    };
    let source = locate(&inner.at("url"), url, hint, Some("video/mp4"))?;
    Ok(Media { detail, video, ..source.plain() })
}

/// A well-formed data URL, for text that happens to be one.
pub(crate) fn from_data_url(url: &str) -> Option<Media> {
    let declared = url.get(..64).unwrap_or(url).split_once(',')?.0;
    let media = ["image/", "application/pdf", "audio/", "video/"].iter().any(|kind| declared.contains(kind));
    if !is_data_url(url) || !media {
        return None;
    }
    data_url("", url.to_owned(), None, None).ok().map(Source::plain)
}

/// The object under `name`; a bare string there means its `url`, and nothing there means the part is flat.
fn nested(fields: &mut Fields, name: &str) -> Result<Fields, ApiError> {
    let path = fields.at(name);
    match fields.take(name) {
        Some(Value::String(url)) => Fields::new(path, serde_json::json!({ "url": url })),
        Some(value @ Value::Object(_)) => Fields::new(path, value),
        None => Fields::new(path, Value::Object(serde_json::Map::new())),
        Some(other) => Err(mistyped(&path, "an object with url", &other)),
    }
}

fn detail(fields: &mut Fields) -> Result<Option<Detail>, ApiError> {
    let Some(text) = fields.string("detail")? else { return Ok(None) };
    Ok(Some(match text.as_str() {
        "auto" => return Ok(None),
        "low" => Detail::Low,
        "medium" => Detail::Medium,
        "high" => Detail::High,
        "original" | "ultra_high" => Detail::UltraHigh,
        other => {
            let reason = format!("unknown detail {other:?}; use auto, low, medium, high or original.");
            return Err(ApiError::value(fields.at("detail"), reason));
        }
    }))
}

/// A media type given beside the data (`format` in LiteLLM's form).
fn mime_hint(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    for name in ["mime_type", "format"] {
        if let Some(mime) = fields.string(name)? {
            return Ok(mime::canonical(&mime));
        }
    }
    Ok(None)
}

fn video_metadata(fields: &mut Fields) -> Result<Option<Value>, ApiError> {
    for name in ["video_metadata", "videoMetadata"] {
        let Some(mut given) = fields.object(name)? else { continue };
        let mut metadata = serde_json::Map::new();
        for (snake, camel) in [("fps", "fps"), ("start_offset", "startOffset"), ("end_offset", "endOffset")] {
            if let Some(value) = given.take(snake).or_else(|| given.take(camel)) {
                metadata.insert(camel.to_owned(), value);
            }
        }
        return Ok(Some(Value::Object(metadata)).filter(|metadata| metadata != &serde_json::json!({})));
    }
    Ok(None)
}

/// Where a URL of any kind leads.
fn locate(
    path: &str,
    url: String,
    hint: Option<String>,
    fallback: Option<&'static str>,
) -> Result<Source, ApiError> {
    let url = if url.trim().len() == url.len() { url } else { url.trim().to_owned() };
    if is_data_url(&url) {
        return data_url(path, url, hint, fallback);
    }
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let reason = match scheme.as_deref() {
        Some("https" | "gs") if url.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            "the URL contains white space; percent-encode it."
        }
        Some("https" | "gs") => {
            let mime = hint.or_else(|| mime::of_name(&url).map(str::to_owned));
            return Ok(Source::Uri { uri: url, mime });
        }
        Some("http") => "http URLs are not fetched; use https, or send the bytes as a data URL.",
        Some("file") => "a file on your machine cannot be read from here; send its bytes as a data URL.",
        Some(_) => "this kind of URL is not supported; use https, or send the bytes as a data URL.",
        None if url.starts_with("files/") => return Ok(uploaded(&url, hint)),
        None => {
            let wrong = "neither a URL nor base64 of a known kind; use https or a data URL.";
            return bare(path, url, hint, None).map_err(|_| ApiError::value(path, wrong));
        }
    };
    Err(ApiError::value(path, reason))
}

/// A file of Google's Files API: by id, by name or by its full URI.
fn uploaded(id: &str, mime: Option<String>) -> Source {
    let id = id.trim();
    let uri = if id.contains("://") {
        id.to_owned()
    } else if id.starts_with("files/") {
        format!("{FILES}{id}")
    } else {
        format!("{FILES}files/{id}")
    };
    Source::Uri { uri, mime }
}

/// Media that somebody names by its parts: base64 of a known type.
pub(crate) fn of_base64(path: &str, data: String, mime: &str) -> Result<Media, ApiError> {
    let source = if is_data_url(&data) {
        data_url(path, data, mime::canonical(mime), None)?
    } else {
        bare(path, data, mime::canonical(mime), None)?
    };
    Ok(source.plain())
}

/// Media behind a URL of any kind.
pub(crate) fn of_url(path: &str, url: String, fallback: Option<&'static str>) -> Result<Media, ApiError> {
    locate(path, url, None, fallback).map(Source::plain)
}

/// A file of Google's Files API.
pub(crate) fn of_file(id: &str) -> Media {
    uploaded(id, None).plain()
}
