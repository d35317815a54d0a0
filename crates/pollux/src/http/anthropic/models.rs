//! `GET /v1/models` and `GET /v1/models/{id}` in Anthropic's shape.

use axum::Json;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use dialect::anthropic::models::{Cursor, ModelInfo, ModelPage};
use http::{HeaderMap, Uri};
use serde::Deserialize;

use super::error;
use crate::catalog::Offered;
use crate::clock::{Moment, iso};
use crate::http::failed::Failed;

/// Which page is asked for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    after_id: Option<String>,
    before_id: Option<String>,
    limit: Option<usize>,
}

/// A page of these models, or why not.
pub(in crate::http) fn list(
    models: Result<Vec<Offered>, Failed>,
    uri: &Uri,
    headers: &HeaderMap,
) -> Response {
    let models = match models {
        Ok(models) => models,
        Err(failed) => return error::answer(&failed, headers),
    };
    // A query that makes no sense is none.
    let Query(asked) = Query::<Asked>::try_from_uri(uri).unwrap_or_default();
    let Asked { after_id, before_id, limit } = asked;
    let cursor = Cursor { after_id, before_id, limit };
    Json(ModelPage::of(models.into_iter().map(info).collect(), &cursor)).into_response()
}

/// One of them, or why not.
pub(in crate::http) fn retrieve(found: Result<Offered, Failed>, headers: &HeaderMap) -> Response {
    match found {
        Ok(model) => Json(info(model)).into_response(),
        Err(failed) => error::answer(&failed, headers),
    }
}

fn info(model: Offered) -> ModelInfo {
    let Offered { id, capabilities, released, .. } = model;
    ModelInfo {
        display_name: id.clone(),
        id,
        r#type: "model",
        created_at: iso(released.unwrap_or(Moment(0))),
        max_input_tokens: capabilities.input_limit,
        max_tokens: capabilities.output_limit,
    }
}
