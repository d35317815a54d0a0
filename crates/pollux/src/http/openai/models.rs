//! `GET /v1/models` and `GET /v1/models/{id}` (`wire.md` §13.6).

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use dialect::model::Thinking;
use dialect::openai::models::{ModelList, ModelObject};

use crate::catalog::{Offered, UnknownModel};
use crate::http::Gateway;
use crate::http::caller::Caller;
use crate::http::calling::{not_allowed, unknown_model};
use crate::http::failed::Failed;

/// The models that the user may use today.
pub(super) async fn list(State(gateway): State<Gateway>, Caller(caller): Caller) -> Json<ModelList> {
    let settings = gateway.settings.now();
    let models = gateway.catalog.list(gateway.clock.now()).into_iter();
    let models = models.filter(|model| gateway.is_offered(model, &settings));
    let models = models.filter(|model| caller.scope.allows_model(&model.id));
    Json(ModelList::new(models.map(object).collect()))
}

/// One of them, by its id or an alias.
pub(super) async fn retrieve(
    State(gateway): State<Gateway>,
    Caller(caller): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<ModelObject>, Failed> {
    // What cannot be decoded is no model's name.
    let name = name.map_or_else(|_| "�".to_owned(), |Path(name)| name);
    let found = gateway.catalog.get(&name, gateway.clock.now());
    let on = |model: &Offered| gateway.is_offered(model, &gateway.settings.now());
    let found = found.and_then(|model| if on(&model) { Ok(model) } else { Err(UnknownModel::off(&name)) });
    let model = found.map_err(|unknown| unknown_model(&unknown.to_string()))?;
    if !caller.scope.allows_model(&model.id) {
        return Err(not_allowed(&model.id));
    }
    Ok(Json(object(model)))
}

fn object(model: Offered) -> ModelObject {
    let Offered { id, capabilities, released, shutdown } = model;
    ModelObject {
        created: released.map_or(0, |at| at.0 / 1_000),
        context_length: Some(capabilities.input_limit),
        max_output_tokens: Some(capabilities.output_limit),
        thinking: Some(!matches!(capabilities.thinking, Thinking::None)),
        shutdown_date: shutdown,
        ..ModelObject::new(&id)
    }
}
