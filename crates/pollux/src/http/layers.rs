//! What every request passes, whatever it is about. From the outside in.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use super::admin::Problem;
use super::failed::Failed;
use super::gemini::Refused;
use super::{Gateway, cors};
use crate::telemetry::names;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the routes.
pub(super) fn wrap(routes: Router, gateway: &Gateway) -> Router {
    let gateway = gateway.clone();
    routes
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
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
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    metrics::counter!(names::HTTP_REQUESTS, "part" => part, "status" => class(response.status()))
        .increment(1);
    response
}

/// The part of the gateway that a path belongs to: few, whatever is asked for.
fn part(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "v1" => "openai",
        "v1beta" | "v1alpha" => "gemini",
        "admin" => "admin",
        "health" | "healthz" | "wake" | "status" | "metrics" | "debug" => "ops",
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
    let message = format!("There is nothing at {path}. Chat Completions are at POST /v1/chat/completions.");
    Failed::new(404, "invalid_request_error", "unknown_url", message).into_response()
}

fn is_gemini(path: &str) -> bool {
    path.starts_with("/v1beta") || path.starts_with("/v1alpha")
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
