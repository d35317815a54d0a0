//! `GET /v1beta/files` and its like: what the user has, wherever it lives.
//!
//! Google lists a project; a user has things in several, and others have things there, too. So the page comes from what is
//! written down here, and what each thing is like now is asked where it lives.

use axum::Json;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::gemini::resource::encode;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::read;
use super::sending::{Sending, Way, send, whole};
use super::{Asked, nothing, parameter, split};
use crate::http::calling::note_warnings;
use crate::http::failed::Failed;
use crate::resources::Page;
use crate::store::record::{ProjectId, ResourceRow};

/// As many as Google tells when it is not told how many.
const USUAL: usize = 10;
/// More than so many are on no page.
const MOST: usize = 100;
/// How many are asked for at a time.
const AT_ONCE: usize = 8;

/// One page of what the user has.
pub(super) async fn list(asked: &Asked<'_>) -> Result<Response, Failed> {
    let Asked { gateway, caller, uri, target } = *asked;
    let field = target.collection.field.ok_or_else(|| nothing(uri.path()))?;
    let size = match parameter(uri, "pageSize").or_else(|| parameter(uri, "page_size")) {
        Some(size) => size.parse::<usize>().map_err(|_| no_size())?,
        None => USUAL,
    };
    let size = if size == 0 { USUAL } else { size.min(MOST) };
    let token = parameter(uri, "pageToken").or_else(|| parameter(uri, "page_token"));
    let token = token.as_deref().filter(|token| !token.is_empty());
    let page = gateway.resources.page(&caller.user, target.collection.name, token, size).await;
    let Page { rows, next } = page.map_err(|trouble| Failed::from_trouble(&trouble))?;
    let found: Vec<Found> =
        stream::iter(rows).map(|(row, place)| look(asked, row, place)).buffered(AT_ONCE).collect().await;
    let missed = found.iter().any(|found| matches!(found, Found::OutOfReach));
    let there = found.into_iter().filter_map(|found| match found {
        Found::There(value) => Some(value),
        Found::Gone | Found::OutOfReach => None,
    });
    let mut body = Map::new();
    body.insert(field.to_owned(), Value::Array(there.collect()));
    if let Some(next) = next {
        body.insert("nextPageToken".to_owned(), json!(next));
    }
    let mut response = Json(body).into_response();
    if missed {
        note_warnings(response.headers_mut(), &["unreachable_resources"]);
    }
    Ok(response)
}

/// What became of something that is written down.
enum Found {
    There(Value),
    Gone,
    /// Nobody can say.
    OutOfReach,
}

async fn look(asked: &Asked<'_>, row: ResourceRow, place: Option<ProjectId>) -> Found {
    let Asked { gateway, caller, uri, .. } = *asked;
    let Some(project) = place else { return Found::OutOfReach };
    let version = split(uri.path()).map_or("/v1beta", |(version, _)| version);
    let path = format!("{version}/{}", encode(&row.name));
    let headers = HeaderMap::new();
    let sending = Sending { method: &Method::GET, path: &path, headers: &headers, way: Way::Owner(&project) };
    let Ok(passed) = send(gateway, caller, sending, whole(Bytes::new())).await else {
        return Found::OutOfReach;
    };
    let Ok(answer) = read(passed).await else { return Found::OutOfReach };
    match answer.status {
        StatusCode::OK if answer.value.is_object() => Found::There(answer.value),
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => {
            if let Err(error) = gateway.resources.forget(&caller.user, &row.name).await {
                tracing::warn!(%error, "a resource that is gone could not be forgotten");
            }
            Found::Gone
        }
        _ => Found::OutOfReach,
    }
}

fn no_size() -> Failed {
    let message = "pageSize must be a whole number.";
    Failed::new(400, "invalid_request_error", "invalid_value", message.to_owned()).about("pageSize")
}
