//! `GET /openapi.json` and `GET /docs`: what the gateway answers, told by the list of its routes.
//!
//! Invariant: each mounted route is described, and nothing is described that is not mounted (see the tests).

mod assemble;
mod page;
mod speaking;

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, header};

use super::routes::Guard::Open;
use super::routes::Route;

/// The document never changes while the program runs.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut text = serde_json::to_string_pretty(&assemble::document()).unwrap_or_default();
    text.push('\n');
    text
});
static PAGE: LazyLock<String> = LazyLock::new(|| page::page(&assemble::document()));

/// Its routes.
pub(super) fn list() -> Vec<Route> {
    vec![Route::get("/openapi.json", Open, document), Route::get("/docs", Open, docs)]
}

/// The whole document, as it is sent.
pub fn openapi() -> &'static str {
    &DOCUMENT
}

async fn document() -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (kind, openapi()).into_response()
}

async fn docs() -> Response {
    let mut response = Html(PAGE.as_str()).into_response();
    super::console::guarded(&mut response);
    response
}
