//! `GET /v1beta/models` and `GET /v1beta/models/{id}`, in Google's shape.

use axum::Json;
use axum::response::{IntoResponse, Response};
use dialect::model::Thinking;
use serde_json::{Value, json};

use super::Refused;
use crate::catalog::Offered;
use crate::http::failed::Failed;

/// These models, on one page.
pub(in crate::http) fn list(models: Result<Vec<Offered>, Failed>) -> Response {
    match models {
        Ok(models) => Json(json!({"models": models.iter().map(card).collect::<Vec<_>>()})).into_response(),
        Err(failed) => Refused(failed).into_response(),
    }
}

/// One of them.
pub(in crate::http) fn retrieve(found: Result<Offered, Failed>) -> Response {
    found.map_or_else(|failed| Refused(failed).into_response(), |model| Json(card(&model)).into_response())
}

fn card(model: &Offered) -> Value {
    let Offered { id, capabilities, released: _, shutdown } = model;
    let mut card = json!({
        "name": format!("models/{id}"),
        "displayName": id,
        "inputTokenLimit": capabilities.input_limit,
        "outputTokenLimit": capabilities.output_limit,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
        "thinking": !matches!(capabilities.thinking, Thinking::None),
    });
    if let Some(day) = shutdown {
        card["shutdownDate"] = json!(day);
    }
    card
}
