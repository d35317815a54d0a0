//! The OpenAI surface.

mod card;
mod chat;
mod embeddings;
mod models;

use super::routes::Guard::{Open, User};
use super::routes::Route;

pub(super) use models::{list as list_models, retrieve as retrieve_model};

/// Its routes, below `/v1`; `/v1/models` is shared (see `shapes.rs`).
pub(super) fn list() -> Vec<Route> {
    vec![
        Route::get("/", Open, card::show),
        Route::post("/chat/completions", User, chat::create),
        Route::post("/embeddings", User, embeddings::create),
    ]
}
