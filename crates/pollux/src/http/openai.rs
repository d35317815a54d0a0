//! The OpenAI surface.

mod card;
mod chat;
mod error;
mod models;

use axum::Router;
use axum::routing::{get, post};

use super::Gateway;

pub(super) use error::Failed;

/// Its routes, below `/v1`.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/", get(card::show))
        .route("/chat/completions", post(chat::create))
        .route("/models", get(models::list))
        .route("/models/{*id}", get(models::retrieve))
}
