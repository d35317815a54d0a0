//! The OpenAI surface.

mod chat;
mod error;
mod models;
mod ratelimit;

use axum::Router;
use axum::routing::{get, post};

use super::Gateway;

pub(super) use error::Failed;

/// Its routes, below `/v1`.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/chat/completions", post(chat::create))
        .route("/models", get(models::list))
        .route("/models/{*id}", get(models::retrieve))
}
