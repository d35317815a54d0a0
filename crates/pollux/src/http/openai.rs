//! The OpenAI surface.

mod card;
mod chat;
mod models;

use super::routes::Guard::{Open, User};
use super::routes::Route;

/// Its routes, below `/v1`.
pub(super) fn list() -> Vec<Route> {
    vec![
        Route::get("/", Open, card::show),
        Route::post("/chat/completions", User, chat::create),
        Route::get("/models", User, models::list),
        Route::get("/models/{*id}", User, models::retrieve),
    ]
}
