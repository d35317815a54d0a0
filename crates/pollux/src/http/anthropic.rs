//! The Anthropic surface.

mod count_tokens;
mod error;
mod messages;
mod models;
mod ratelimit;
mod scribe;

use super::routes::Guard::User;
use super::routes::Route;

pub(super) use error::answer as refuse;
pub(super) use models::{list as list_models, retrieve as retrieve_model};

/// Its routes, below `/v1`; `/v1/models` is shared (see `shapes.rs`).
pub(super) fn list() -> Vec<Route> {
    vec![
        Route::post("/messages", User, messages::create),
        Route::post("/messages/count_tokens", User, count_tokens::count),
    ]
}
