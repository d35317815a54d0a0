//! `GET /metrics`: what there is to measure, as JSON, or as text for Prometheus if `Accept` asks for it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

use crate::http::Gateway;
use crate::http::guard::Viewer;
use crate::telemetry::Exposition;

mod accept;
mod gauges;
pub(super) mod json;

/// Answers in the format that is asked for.
pub(super) async fn show(_: Viewer, State(gateway): State<Gateway>, headers: HeaderMap) -> Response {
    let accept: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut response = match accept::wanted(&accept.join(",")) {
        Some(format) => text(&gateway, format).await,
        None => json::of(&gateway).into_response(),
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    response
}

async fn text(gateway: &Gateway, format: Exposition) -> Response {
    let page = gauges::page(gateway).await;
    let media_type = HeaderValue::from_static(format.media_type());
    ([(CONTENT_TYPE, media_type)], page.render(format)).into_response()
}
