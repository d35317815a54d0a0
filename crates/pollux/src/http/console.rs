//! The console: what a browser sees at `/`. Its files are built from `console/` and embedded (`build.rs`).
//!
//! Nothing here knows where the gateway is mounted: the page names its files relative to itself.

mod files;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::routes::Guard::Open;
use super::routes::Route;

/// What stands in for a console that was not built.
const PAGE: &str = include_str!("console/page.html");
const STYLE: &str = include_str!("console/page.css");

/// Nothing from elsewhere, no script in the page, no frame around it. `blob:` and `data:` are pictures one dropped.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; \
     media-src blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The name of such a file changes with what is in it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Its routes.
pub(super) fn list() -> Vec<Route> {
    vec![
        Route::get("/", Open, page),
        Route::get("/page.css", Open, style),
        Route::get("/assets/{name}", Open, asset),
    ]
}

async fn page(headers: HeaderMap) -> Response {
    let mut response = match files::find("index.html") {
        Some(file) => file.answer(&headers),
        None => Html(PAGE.replace("{version}", env!("CARGO_PKG_VERSION"))).into_response(),
    };
    guarded(&mut response);
    response
}

/// What a browser is told about a page of ours.
pub(super) fn guarded(response: &mut Response) {
    let said = response.headers_mut();
    said.insert(HeaderName::from_static("content-security-policy"), POLICY);
    said.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    said.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    said.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), browsing-topics=()"),
    );
    said.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    // A page of yesterday would ask for files that are not there any more.
    said.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = files::find(&format!("assets/{name}")) else {
        return (StatusCode::NOT_FOUND, "There is no such file of the console; load the page again.")
            .into_response();
    };
    let mut response = file.answer(&headers);
    response.headers_mut().insert(header::CACHE_CONTROL, FOR_EVER);
    response
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))], STYLE).into_response()
}
