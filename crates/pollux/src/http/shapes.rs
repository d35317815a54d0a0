//! `GET /v1/models` and `/v1/models/{id}`: one path, and whose shape the answer has is told by what the request carries.

use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};

use super::caller::Caller;
use super::calling::{not_allowed, unknown_model};
use super::failed::Failed;
use super::routes::Guard::User;
use super::routes::Route;
use super::{Gateway, anthropic, gemini, openai};
use crate::access;
use crate::catalog::{Offered, UnknownModel};

/// Anthropic's clients always send it, nobody else does.
const ANTHROPIC: &str = "anthropic-version";
/// Google's clients say so who they are, nobody else does.
const GOOGLE: &str = "x-goog-api-key";

/// The shared routes, below `/v1`.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/models", User, list), Route::get("/models/{*id}", User, retrieve)]
}

/// Whose words a request is in.
enum Shape {
    OpenAi,
    Anthropic,
    Gemini,
}

impl Shape {
    fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let has_key = uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("key=")));
        let is_google = !uri.path().starts_with("/v1/") || has_key || headers.contains_key(GOOGLE);
        if headers.contains_key(ANTHROPIC) {
            Self::Anthropic
        } else if is_google {
            Self::Gemini
        } else {
            Self::OpenAi
        }
    }
}

/// Whether a request is in Google's words.
pub(super) fn speaks_gemini(headers: &HeaderMap, uri: &Uri) -> bool {
    matches!(Shape::of(headers, uri), Shape::Gemini)
}

/// The models that the user may use today.
async fn list(
    State(gateway): State<Gateway>,
    caller: Result<Caller, Failed>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let models = caller.map(|Caller(caller)| offered(&gateway, &caller));
    match (Shape::of(&headers, &uri), models) {
        (Shape::Gemini, models) => gemini::list_models(models),
        (Shape::Anthropic, models) => anthropic::list_models(models, &uri, &headers),
        (Shape::OpenAi, Ok(models)) => openai::list_models(models),
        (Shape::OpenAi, Err(failed)) => failed.into_response(),
    }
}

/// One of them, by its id or an alias.
async fn retrieve(
    State(gateway): State<Gateway>,
    caller: Result<Caller, Failed>,
    (headers, OriginalUri(uri)): (HeaderMap, OriginalUri),
    name: Result<Path<String>, PathRejection>,
) -> Response {
    // What cannot be decoded is no model's name.
    let name = name.map_or_else(|_| "�".to_owned(), |Path(name)| name);
    if name.contains("/operations/") && speaks_gemini(&headers, &uri) {
        return gemini::look(&gateway, caller, (&uri, headers)).await;
    }
    let found = caller.and_then(|Caller(caller)| find(&gateway, &caller, &name));
    match (Shape::of(&headers, &uri), found) {
        (Shape::Gemini, found) => gemini::retrieve_model(found),
        (Shape::Anthropic, found) => anthropic::retrieve_model(found, &headers),
        (Shape::OpenAi, Ok(model)) => openai::retrieve_model(model),
        (Shape::OpenAi, Err(failed)) => failed.into_response(),
    }
}

fn offered(gateway: &Gateway, caller: &access::Caller) -> Vec<Offered> {
    let settings = gateway.settings.now();
    let models = gateway.catalog.list_named(&settings.aliases, gateway.clock.now()).into_iter();
    let may = |model: &Offered| {
        gateway.model(&model.id, &settings).is_ok_and(|meant| caller.scope.allows_model(&meant.upstream_id))
    };
    models.filter(may).collect()
}

fn find(gateway: &Gateway, caller: &access::Caller, name: &str) -> Result<Offered, Failed> {
    let settings = gateway.settings.now();
    let unknown = |unknown: UnknownModel| unknown_model(&unknown.to_string());
    let found = gateway.catalog.get_named(name, &settings.aliases, gateway.clock.now()).map_err(unknown)?;
    let meant = gateway.model(&found.id, &settings).map_err(|_| unknown(UnknownModel::off(name)))?;
    if caller.scope.allows_model(&meant.upstream_id) {
        Ok(found)
    } else {
        Err(not_allowed(&meant.upstream_id))
    }
}
