//! `GET /v1/models` and `GET /v1/models/{id}` in OpenAI's shape (`wire.md` §13.6).

use axum::Json;
use axum::response::{IntoResponse, Response};
use dialect::model::Thinking;
use dialect::openai::models::{ModelList, ModelObject};

use crate::catalog::Offered;

/// A list of these models.
pub(in crate::http) fn list(models: Vec<Offered>) -> Response {
    Json(ModelList::new(models.into_iter().map(object).collect())).into_response()
}

/// One of them.
pub(in crate::http) fn retrieve(model: Offered) -> Response {
    Json(object(model)).into_response()
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
