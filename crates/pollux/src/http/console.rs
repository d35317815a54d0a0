//! What a browser sees at `/`: what this is, and how to call it.

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};

use super::routes::Guard::Open;
use super::routes::Route;

const PAGE: &str = include_str!("console/page.html");
const STYLE: &str = include_str!("console/page.css");

/// Its routes.
pub(super) fn list() -> Vec<Route> {
    vec![Route::get("/", Open, page), Route::get("/page.css", Open, style)]
}

async fn page() -> Response {
    let policy =
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let csp = HeaderName::from_static("content-security-policy");
    ([(csp, HeaderValue::from_static(policy))], Html(PAGE.replace("{version}", env!("CARGO_PKG_VERSION"))))
        .into_response()
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))], STYLE).into_response()
}
