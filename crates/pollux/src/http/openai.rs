//! The OpenAI surface.

mod card;
mod chat;
mod embeddings;
mod models;
mod responses;

use super::routes::Guard::{Open, User};
use super::routes::Route;

pub(super) use models::{list as list_models, retrieve as retrieve_model};

/// Its routes, below `/v1`; `/v1/models` is shared (see `shapes.rs`).
pub(super) fn list() -> Vec<Route> {
    vec![
        Route::get("/", Open, card::show),
        Route::post("/chat/completions", User, chat::create),
        Route::post("/embeddings", User, embeddings::create),
        Route::post("/responses", User, responses::create),
        Route::get("/responses/{id}", User, responses::not_kept),
        Route::delete("/responses/{id}", User, responses::not_kept),
        Route::get("/responses/{id}/input_items", User, responses::not_kept),
        Route::post("/responses/{id}/cancel", User, responses::not_kept),
    ]
}
