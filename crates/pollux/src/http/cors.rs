//! Lets web pages of the origins that the operator names call the API from a browser: `/v1` and what begins like it, never
//! administration.
//!
//! Cookies play no part: a page sends a user key, as every client does.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::Gateway;

const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, retry-after, x-pollux-ignored-params, x-pollux-upstream-model, x-pollux-warning",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");
/// Seconds a browser may remember the answer to its question.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Answers a browser's question before the call, and tells it that it may read the answer.
pub(super) async fn allow(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let origins = &gateway.settings.now().cors_origins;
    let origin = request.headers().get(header::ORIGIN).cloned();
    let callable = request.uri().path().starts_with("/v1");
    let allowed = origin.filter(|origin| callable && origin.to_str().is_ok_and(|text| origins.allow(text)));
    let Some(origin) = allowed else { return next.run(request).await };
    let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if request.method() == Method::OPTIONS && asks {
        permitted(request.headers())
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    response
}

fn permitted(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}
