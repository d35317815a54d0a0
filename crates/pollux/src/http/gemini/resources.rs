//! What users have at Google: `/v1beta/files`, `/cachedContents`, `/batches` and the other collections.
//!
//! Bytes pass as they are, to the project that has the thing. What is made is written down before its maker hears of it.

mod act;
mod answer;
mod create;
mod list;
mod sending;
mod upload;

use axum::extract::{OriginalUri, Request, State};
use axum::response::{IntoResponse, Response};
use dialect::gemini::resource::{COLLECTIONS, Target};
use http::{HeaderMap, Method, Uri};

use super::Refused;
use crate::access;
use crate::http::caller::Caller;
use crate::http::failed::Failed;
use crate::http::routes::Guard::User;
use crate::http::routes::Route;
use crate::http::{Gateway, shapes};

pub(super) use upload::upload;

/// The paths of every collection, below a version.
const PATHS: [(&str, &str); COLLECTIONS.len()] = [
    ("/files", "/files/{*rest}"),
    ("/cachedContents", "/cachedContents/{*rest}"),
    ("/batches", "/batches/{*rest}"),
    ("/operations", "/operations/{*rest}"),
    ("/fileSearchStores", "/fileSearchStores/{*rest}"),
];

/// The routes below a version.
pub(super) fn routes() -> Vec<Route> {
    let collections = PATHS.iter().flat_map(|(all, one)| {
        [
            Route::get(all, User, any),
            Route::post(all, User, any),
            Route::get(one, User, any),
            Route::post(one, User, any),
            Route::patch(one, User, any),
            Route::put(one, User, any),
            Route::delete(one, User, any),
        ]
    });
    collections.chain([Route::post("/files:register", User, any)]).collect()
}

/// The routes below `/upload/v1beta` and its like. A session's address, which nobody can guess, is all that is needed to write
/// into it; everything else wants a key.
pub(super) fn upload_routes() -> Vec<Route> {
    vec![Route::post("/{*path}", User, upload), Route::put("/{*path}", User, upload)]
}

/// The routes below `/download/v1beta` and its like.
pub(super) fn download_routes() -> Vec<Route> {
    vec![Route::get("/{*path}", User, any)]
}

/// A request, and what it is about.
struct Asked<'a> {
    gateway: &'a Gateway,
    caller: &'a access::Caller,
    uri: &'a Uri,
    target: &'a Target,
}

/// Answers whatever is asked of a collection or of what is in it.
pub(super) async fn any(
    State(gateway): State<Gateway>,
    caller: Result<Caller, Failed>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Response {
    let asked = (&uri, request);
    said(&gateway, caller, asked).await
}

/// What something is like that a model does in its own time.
pub(in crate::http) async fn look(
    gateway: &Gateway,
    caller: Result<Caller, Failed>,
    (uri, headers): (&Uri, HeaderMap),
) -> Response {
    let mut request = Request::default();
    *request.headers_mut() = headers;
    said(gateway, caller, (uri, request)).await
}

async fn said(
    gateway: &Gateway,
    caller: Result<Caller, Failed>,
    (uri, request): (&Uri, Request),
) -> Response {
    // OpenAI has files and batches at the same paths, and words of its own.
    let is_googles = !uri.path().starts_with("/v1/") || shapes::speaks_gemini(request.headers(), uri);
    let answered = match caller {
        Ok(_) if !is_googles => Err(nothing(uri.path())),
        Ok(Caller(caller)) => Box::pin(answer(gateway, &caller, uri, request)).await,
        Err(failed) => Err(failed),
    };
    answered.unwrap_or_else(
        |failed| if is_googles { Refused(failed).into_response() } else { failed.into_response() },
    )
}

async fn answer(
    gateway: &Gateway,
    caller: &access::Caller,
    uri: &Uri,
    request: Request,
) -> Result<Response, Failed> {
    let (_, path) = split(uri.path()).ok_or_else(|| nothing(uri.path()))?;
    let target = Target::read(path).ok_or_else(|| nothing(uri.path()))?;
    let asked = Asked { gateway, caller, uri, target: &target };
    match (request.method(), &target.name) {
        (_, Some(name)) => act::act(&asked, name, request).await,
        (&Method::GET, None) if target.verb.is_none() => list::list(&asked).await,
        (&Method::POST, None) => create::create(&asked, request).await,
        (_, None) => Err(nothing(uri.path())),
    }
}

/// What comes up to the version, and what comes after it: `/upload/v1beta` and `files/abc`.
fn split(path: &str) -> Option<(&str, &str)> {
    let before = ["/upload", "/download"].into_iter().find(|prefix| path.starts_with(&format!("{prefix}/")));
    let start = before.map_or(0, str::len);
    let version = path.get(start + 1..)?.split('/').next().filter(|version| version.starts_with("v1"))?;
    let end = start + 1 + version.len();
    Some((path.get(..end)?, path.get(end + 1..)?))
}

/// The path at Google, with the query but for the user's key.
fn upstream_path(uri: &Uri, target: &Target) -> String {
    let before = split(uri.path()).map_or("/v1beta", |(before, _)| before);
    with_query(format!("{before}/{}", target.path()), uri)
}

/// The query again, but for credentials.
pub(super) fn with_query(mut path: String, uri: &Uri) -> String {
    let secret = |pair: &&str| matches!(pair.split('=').next(), Some("key" | "access_token"));
    let pairs: Vec<&str> =
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !secret(pair)).collect();
    if !pairs.is_empty() {
        path.push('?');
        path.push_str(&pairs.join("&"));
    }
    path
}

/// The value of a parameter of the query.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let value = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
    Some(percent_encoding::percent_decode_str(value).decode_utf8().ok()?.into_owned())
}

fn nothing(path: &str) -> Failed {
    let message = format!("There is nothing at {path}.");
    Failed::new(404, "invalid_request_error", "unknown_url", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collection_has_its_paths() {
        for (collection, (all, one)) in COLLECTIONS.iter().zip(PATHS) {
            assert_eq!(all, format!("/{}", collection.name));
            assert_eq!(one, format!("/{}/{{*rest}}", collection.name));
        }
    }

    #[test]
    fn the_path_at_google_keeps_everything_but_the_key() {
        for (asked, expected) in [
            ("/v1beta/files/a:download?alt=media&key=sk-1", "/v1beta/files/a:download?alt=media"),
            ("/v1alpha/files/a?key=sk-1", "/v1alpha/files/a"),
            (
                "/v1/cachedContents/c?updateMask=ttl&access_token=x&a=b",
                "/v1/cachedContents/c?updateMask=ttl&a=b",
            ),
            ("/upload/v1beta/files?upload_id=x&monkey=1", "/upload/v1beta/files?upload_id=x&monkey=1"),
            ("/download/v1beta/files/a:download?alt=media", "/download/v1beta/files/a:download?alt=media"),
        ] {
            let uri: Uri = asked.parse().unwrap();
            let target = Target::read(split(uri.path()).unwrap().1).unwrap();
            assert_eq!(upstream_path(&uri, &target), expected);
        }
    }
}
