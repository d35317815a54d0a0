//! Data URLs and base64, however sloppily written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::mime;
use super::Source;
use crate::lift::is_clean_base64;
use crate::openai::error::ApiError;

/// Is it a data URL?
pub(super) fn is_data_url(url: &str) -> bool {
    url.trim_start().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// Bare base64.
pub(super) fn bare(
    path: &str,
    data: String,
    hint: Option<String>,
    fallback: Option<&'static str>,
) -> Result<Source, ApiError> {
    let data = clean(data).map_err(|reason| ApiError::value(path, reason))?;
    let mime = hint.or_else(|| mime::sniff(&data).or(fallback).map(str::to_owned));
    match mime {
        Some(mime) => Ok(Source::Inline { mime, data }),
        None => {
            Err(ApiError::value(path, "the media type is unknown; write data:image/png;base64,… instead."))
        }
    }
}

/// A data URL: with or without media type, parameters, base64, percent-encoding and white space.
pub(super) fn data_url(
    path: &str,
    mut url: String,
    hint: Option<String>,
    fallback: Option<&'static str>,
) -> Result<Source, ApiError> {
    let Some(comma) = url.find(',') else {
        return Err(ApiError::value(path, "a data URL needs a comma: data:image/png;base64,…"));
    };
    let head = url.trim_start().get(5..).unwrap_or_default();
    let head = head.split_once(',').map_or("", |(head, _)| head).replace("%3B", ";").replace("%2F", "/");
    url.drain(..=comma);
    let mut params = head.split(';').map(str::trim);
    let declared = params.next().and_then(mime::canonical).or(hint);
    if params.any(|param| param.eq_ignore_ascii_case("base64")) {
        return bare(path, url, declared, fallback);
    }
    // Plain text in a data URL; a few clients also forget to say base64.
    let text = declared.as_ref().is_none_or(|mime| mime.starts_with("text/") || mime.contains("json"));
    if text {
        let mime = declared.unwrap_or_else(|| "text/plain".to_owned());
        return Ok(Source::Inline { mime, data: STANDARD.encode(percent_decode(&url)) });
    }
    bare(path, url, declared, fallback)
}

/// Base64 without white space and percent-encoding, in the standard alphabet, padded; or what is wrong with it.
fn clean(mut data: String) -> Result<String, &'static str> {
    if is_clean_base64(data.as_bytes()) {
        return Ok(data);
    }
    if data.contains('%') {
        data = String::from_utf8(percent_decode(&data)).map_err(|_| INVALID)?;
    }
    if data.bytes().any(|byte| byte.is_ascii_whitespace()) {
        data.retain(|c| !c.is_ascii_whitespace());
    }
    if data.contains(['-', '_']) {
        data = data.replace('-', "+").replace('_', "/");
    }
    data.truncate(data.trim_end_matches('=').len());
    if data.is_empty() {
        return Err("the data is empty.");
    }
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    if data.len() % 4 == 1 || !data.bytes().all(alphabet) {
        return Err(INVALID);
    }
    while !data.len().is_multiple_of(4) {
        data.push('=');
    }
    Ok(data)
}

const INVALID: &str = "the data is not valid base64; encode the raw bytes with the standard alphabet.";

fn percent_decode(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        let (value, after) = match hex_pair(after).filter(|_| byte == b'%') {
            Some((value, after)) => (value, after),
            None => (byte, after),
        };
        out.push(value);
        rest = after;
    }
    out
}

fn hex_pair(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match bytes {
        [high, low, after @ ..] => Some((digit(*high)? * 16 + digit(*low)?, after)),
        _ => None,
    }
}
