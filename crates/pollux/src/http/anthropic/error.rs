//! How a refusal reads in Anthropic's words (`wire.md` §12).

use axum::response::{IntoResponse, Response};
use dialect::anthropic::error::envelope;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::http::failed::Failed;
use crate::http::layers::REQUEST_ID;

/// What Anthropic's SDKs read an answer's id from.
const ANSWERED_ID: HeaderName = HeaderName::from_static("request-id");

/// The refusal as an answer. `headers` are the request's, which carry its id.
pub(in crate::http) fn answer(failed: &Failed, headers: &HeaderMap) -> Response {
    let body = say(failed, request_id(headers));
    let status = StatusCode::from_u16(status(failed)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, failed.headers(), body.to_string()).into_response()
}

/// The envelope alone, for streams that have begun.
pub(super) fn say(failed: &Failed, request_id: Option<&str>) -> Value {
    // The one field that OpenAI names otherwise.
    let message = failed.error.message.replace("`max_completion_tokens`", "`max_tokens`");
    envelope(status(failed), &message, request_id)
}

/// Gives an answer the id under which Anthropic's SDKs look for it.
pub(super) fn identify(response: &mut Response, headers: &HeaderMap) {
    if let Some(Ok(id)) = request_id(headers).map(HeaderValue::from_str) {
        response.headers_mut().insert(ANSWERED_ID, id);
    }
}

pub(super) fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(REQUEST_ID).and_then(|id| id.to_str().ok())
}

/// Anthropic has a status of its own for a model that has too much to do.
fn status(failed: &Failed) -> u16 {
    match (failed.error.status, failed.error.code) {
        (503, Some("upstream_overloaded")) => 529,
        (status, _) => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::relay::Refusal;

    #[test]
    fn too_much_to_do_is_529_and_keeps_its_wait() {
        let failed = Failed::from_refusal(&Refusal::Resting { opens: Moment(2_000) }, Moment(0));
        let response = answer(&failed, &HeaderMap::new());
        assert_eq!(response.status().as_u16(), 529);
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(say(&failed, Some("req_1"))["error"]["type"], "overloaded_error");
        assert_eq!(say(&failed, Some("req_1"))["request_id"], "req_1");
    }

    #[test]
    fn fields_have_their_own_names() {
        let message = "Lower `max_completion_tokens`, or shorten the prompt.".to_owned();
        let failed = Failed::new(429, "tokens", "rate_limit_exceeded", message);
        assert_eq!(say(&failed, None)["error"]["message"], "Lower `max_tokens`, or shorten the prompt.");
    }
}
