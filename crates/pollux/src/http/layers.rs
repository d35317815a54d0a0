//! What every request passes, whatever it is about. From the outside in.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use super::admin::Problem;
use super::crowd::Crowd;
use super::failed::Failed;
use super::gemini::Refused;
use super::{Gateway, cors, crowd};
use crate::telemetry::names;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every page carries. A window of another site that opened it cannot reach into it.
const PAGES: [(HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Wraps the routes.
pub(super) fn wrap(routes: Router, gateway: &Gateway) -> Router {
    let gateway = gateway.clone();
    routes
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        // Inside the id layer, and that of browsers, so that refusals can be read; outside all that costs memory.
        .layer(middleware::from_fn({
            let (gateway, crowd) = (gateway.clone(), Arc::new(Crowd::new(&gateway.fixed.doors)));
            move |request: Request, next: Next| {
                crowd::admit(gateway.clone(), Arc::clone(&crowd), request, next)
            }
        }))
        // Outside the fallbacks: browsers ask with a method that no route takes, and want to read refusals too.
        .layer(middleware::from_fn_with_state(gateway.clone(), cors::allow))
        // Inside the id layer, so that even a crash has an id to ask for.
        .layer(CatchPanicLayer::custom(crashed))
        // Outermost: every answer carries an id, and every log line of the call too.
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            gateway.requests.add();
            let request_id = gateway.dice.id("req", gateway.clock.now());
            identify(request_id, request, next)
        }))
}

async fn identify(request_id: String, mut request: Request, next: Next) -> Response {
    let part = part(request.uri().path());
    // Ours takes the place of what the client may have sent: handlers read it there.
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    let span = tracing::info_span!("request", id = %request_id, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    guard_browsers(response.headers_mut());
    metrics::counter!(names::HTTP_REQUESTS, "part" => part, "status" => class(response.status()))
        .increment(1);
    response
}

/// What browsers must not do with an answer of ours. A page that needs more than the strictest policy brings its own.
fn guard_browsers(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/html")) {
        for (name, value) in PAGES {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
    }
}

/// The part of the gateway that a path belongs to: few, whatever is asked for.
fn part(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "v1" => "openai",
        "v1beta" | "v1alpha" | "upload" | "download" => "gemini",
        "admin" => "admin",
        "health" | "healthz" | "readyz" | "wake" | "status" | "metrics" | "debug" => "ops",
        _ => "console",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

fn crashed(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    let message =
        "The gateway failed. This is its own fault; the log has the details under this request's id.";
    Failed::new(500, "server_error", "gateway_error", message.to_owned()).into_response()
}

async fn unknown(uri: Uri) -> Response {
    let path = uri.path();
    if path.starts_with("/admin") {
        return Problem::new(StatusCode::NOT_FOUND, "There is no such admin resource.").into_response();
    }
    if is_gemini(path) {
        let message = format!(
            "There is nothing at {path}. This gateway serves the methods of models: POST \
             /v1beta/models/MODEL:generateContent, :streamGenerateContent, :countTokens and others."
        );
        return Refused(Failed::new(404, "invalid_request_error", "unknown_url", message)).into_response();
    }
    let message = format!(
        "There is nothing at {path}. This gateway serves POST /v1/chat/completions, /v1/responses, /v1/embeddings and \
         /v1/messages, GET /v1/models, and Google's own methods below /v1beta."
    );
    Failed::new(404, "invalid_request_error", "unknown_url", message).into_response()
}

pub(super) fn is_gemini(path: &str) -> bool {
    let prefixes = ["/v1beta", "/v1alpha", "/upload/", "/download/"];
    prefixes.iter().any(|prefix| path.starts_with(prefix))
}

async fn wrong_method(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let message = format!("{path} does not take {method}.");
    if path.starts_with("/admin") {
        return Problem::new(StatusCode::METHOD_NOT_ALLOWED, message).into_response();
    }
    if is_gemini(path) {
        return Refused(Failed::new(405, "invalid_request_error", "method_not_allowed", message))
            .into_response();
    }
    Failed::new(405, "invalid_request_error", "method_not_allowed", message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_a_policy_gets_the_strictest_and_keeps_its_own() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        guard_browsers(&mut headers);
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
        assert_eq!(headers["x-frame-options"], "DENY");
        let own = HeaderValue::from_static("default-src 'self'");
        headers.insert(header::CONTENT_SECURITY_POLICY, own.clone());
        guard_browsers(&mut headers);
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], own);
    }

    #[test]
    fn what_is_no_page_has_no_policy_for_pages() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        guard_browsers(&mut headers);
        assert!(!headers.contains_key(header::CONTENT_SECURITY_POLICY));
        assert_eq!(headers["referrer-policy"], "no-referrer");
    }
}
