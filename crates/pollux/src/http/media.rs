//! Media that a request names by URL: left to Google, fetched here, or refused, as the operator wants it.
//!
//! For the surfaces whose clients send URLs as a matter of course; Google's own clients mean Google to fetch them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dialect::gemini::content::{Blob, Extra, FileData, Part};
use dialect::gemini::request::GenerateContentRequest;
use dialect::gemini::resource::file_of_uri;

use super::Gateway;
use super::calling::Understood;
use super::failed::Failed;
use crate::media::{Caps, Fetched, Refused};
use crate::settings::MediaByUrl;

/// How long all media of a request may take.
const TIME: Duration = Duration::from_secs(30);
/// Pieces of media that are fetched for one request.
const MOST: usize = 16;

/// A request as it was understood, with its media brought along.
pub(super) async fn bring<E>(
    gateway: &Gateway,
    understood: Result<Understood<E>, Failed>,
) -> Result<Understood<E>, Failed> {
    let mut understood = understood?;
    let settings = gateway.settings.now();
    let how = settings.media_by_url;
    if how == MediaByUrl::Google {
        return Ok(understood);
    }
    let mut left = usize::try_from(settings.media_max_mb).unwrap_or(usize::MAX).saturating_mul(1 << 20);
    let deadline = tokio::time::Instant::now() + TIME;
    let parts = named(&mut understood.call.request, how);
    let problem = match (how, parts.first()) {
        (MediaByUrl::Refuse, Some(part)) => Some(switched_off(uri(part))),
        _ if parts.len() > MOST => Some(too_many(parts.len())),
        _ => None,
    };
    let brought = match problem {
        Some(problem) => Err(problem),
        None => {
            async {
                for part in parts {
                    let url = uri(part).to_owned();
                    let time = deadline.saturating_duration_since(tokio::time::Instant::now());
                    let fetched = gateway.media.fetch(&url, Caps { bytes: left, time }).await;
                    let placed = fetched.and_then(|fetched| put(part, fetched));
                    left = left.saturating_sub(placed.map_err(|refused| not_fetched(&url, &refused))?);
                }
                Ok(())
            }
            .await
        }
    };
    match brought {
        Ok(()) => Ok(understood),
        Err(failed) => {
            understood.call.watch.refuse("media", failed.error.status);
            Err(failed)
        }
    }
}

/// The parts that name something on the web. YouTube's films are Google's own: nobody else can read them.
fn named(request: &mut GenerateContentRequest, how: MediaByUrl) -> Vec<&mut Part> {
    let contents = request.contents.iter_mut().flatten();
    let parts = contents.flat_map(|content| content.parts.iter_mut().flatten());
    let mut found = Vec::new();
    for part in parts {
        if part.file_data.is_some() {
            found.push(part);
            continue;
        }
        let result = part.function_response.as_mut().and_then(|response| response.parts.as_mut());
        found.extend(result.into_iter().flatten());
    }
    found.retain(|part| is_on_the_web(uri(part)) && (how == MediaByUrl::Refuse || !is_youtube(uri(part))));
    found
}

fn uri(part: &Part) -> &str {
    part.file_data.as_ref().and_then(|file| file.file_uri.as_deref()).unwrap_or_default()
}

fn is_on_the_web(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    is_web && file_of_uri(uri).is_none()
}

fn is_youtube(uri: &str) -> bool {
    let Some((_, rest)) = uri.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    ["youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"].contains(&host.as_str())
}

/// Puts what was fetched in the place of its URL; says how many bytes it has.
fn put(part: &mut Part, fetched: Fetched) -> Result<usize, Refused> {
    let Fetched { mime, bytes } = fetched;
    let said = part.file_data.take();
    let mime = match said.and_then(|FileData { mime_type, .. }| mime_type) {
        // Some hosts do not know what they have; then the client's word counts.
        Some(said) if Fetched::is_vague(&mime) => said,
        _ if Fetched::is_vague(&mime) => return Err(Refused::Type(mime)),
        _ => mime,
    };
    let data = Some(STANDARD.encode(&bytes));
    part.inline_data = Some(Blob { mime_type: Some(mime), data, extra: Extra::new() });
    Ok(bytes.len())
}

fn not_fetched(url: &str, refused: &Refused) -> Failed {
    let shown = shown(url);
    let message = format!(
        "{shown} was not fetched: {refused}. Send the bytes as a data URL, or a URL that anybody can open."
    );
    Failed::new(400, "invalid_request_error", "media_not_fetched", message).never()
}

fn switched_off(url: &str) -> Failed {
    let shown = shown(url);
    let message = format!(
        "{shown} is not fetched: this gateway takes no media by URL. Send the bytes as a data URL, or upload a file."
    );
    Failed::new(400, "invalid_request_error", "media_not_fetched", message).never()
}

fn too_many(count: usize) -> Failed {
    let message =
        format!("The request names {count} pieces of media by URL; {MOST} are fetched for one request.");
    Failed::new(400, "invalid_request_error", "media_not_fetched", message).never()
}

/// A URL without its query, which may hold a secret.
fn shown(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_on_the_web_is_fetched_and_youtube_is_left_to_google() {
        let request = json!({"contents": [
            {"parts": [{"text": "https://example.com/no.png"}, {"fileData": {"fileUri": "https://example.com/a.png"}},
                {"fileData": {"fileUri": "HTTPS://generativelanguage.googleapis.com/v1beta/files/abc"}},
                {"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}},
                {"fileData": {"fileUri": "https://www.youtube.com.evil.example/b.png"}},
                {"fileData": {"fileUri": "gs://bucket/c.png"}}, {"fileData": {"fileUri": "http://example.com/d.png"}}]},
            {"parts": [{"functionResponse": {"name": "f", "parts": [{"fileData": {"fileUri": "https://example.com/e"}}]}}]},
        ]});
        let mut request: GenerateContentRequest = serde_json::from_value(request).unwrap();
        let mut uris =
            |how| named(&mut request, how).into_iter().map(|part| uri(part).to_owned()).collect::<Vec<_>>();
        let mut expected = vec![
            "https://example.com/a.png",
            "https://www.youtube.com.evil.example/b.png",
            "http://example.com/d.png",
            "https://example.com/e",
        ];
        assert_eq!(uris(MediaByUrl::Fetch), expected);
        expected.insert(1, "https://www.youtube.com/watch?v=x");
        assert_eq!(uris(MediaByUrl::Refuse), expected);
    }

    #[test]
    fn what_was_fetched_takes_the_place_of_its_url() {
        let fetched = |mime: &str| Fetched { mime: mime.to_owned(), bytes: b"abc".to_vec() };
        let part = |file: serde_json::Value| -> Part {
            serde_json::from_value(
                json!({"fileData": file, "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}}),
            )
            .unwrap()
        };
        let named = json!({"fileUri": "https://example.com/a", "mimeType": "audio/wav"});
        let nameless = json!({"fileUri": "https://example.com/a"});
        for (file, mime, expected) in [
            (&named, "image/png", Some("image/png")),
            (&named, "application/octet-stream", Some("audio/wav")),
            (&nameless, "image/png", Some("image/png")),
            (&nameless, "application/octet-stream", None),
        ] {
            let mut part = part(file.clone());
            let put = put(&mut part, fetched(mime));
            let Some(expected) = expected else {
                assert_eq!(put, Err(Refused::Type(mime.to_owned())));
                continue;
            };
            assert_eq!(put, Ok(3));
            let written = json!({"inlineData": {"mimeType": expected, "data": "YWJj"},
                "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}});
            assert_eq!(serde_json::to_value(&part).unwrap(), written);
        }
    }

    #[test]
    fn what_is_refused_is_said_without_the_query() {
        let failed = not_fetched("https://example.com/a.png?token=secret", &Refused::Host);
        assert_eq!(
            failed.error.message,
            "https://example.com/a.png was not fetched: the host is not one on the public internet. Send the bytes as a \
             data URL, or a URL that anybody can open."
        );
    }
}
