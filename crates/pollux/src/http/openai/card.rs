//! `GET /v1`: what is offered here, for whoever finds the address.

use axum::Json;
use serde_json::{Value, json};

/// Says what is offered.
pub(super) async fn show() -> Json<Value> {
    Json(json!({
        "service": "Pollux",
        "version": env!("CARGO_PKG_VERSION"),
        "endpoints": {
            "chat_completions": "/v1/chat/completions",
            "embeddings": "/v1/embeddings",
            "messages": "/v1/messages",
            "models": "/v1/models",
            "responses": "/v1/responses",
        },
        "authentication": "Authorization: Bearer <user key>",
        "health": "/health",
    }))
}
