//! The native Gemini surface: what Google's own SDKs speak, served from the pool (`wire.md` §8).
//!
//! Requests and answers keep every field, known or not. What changes on the way: the credential, the model's alias, and
//! what the operator injects into every call.

mod calls;
mod failed;
mod models;
mod resources;
mod scribe;

use super::routes::Guard::User;
use super::routes::Route;

pub(super) use failed::Refused;
pub(super) use models::{list as list_models, retrieve as retrieve_model};
pub(super) use resources::look;

/// Its routes, below `/v1beta`, `/v1alpha` and `/v1`; the lists of models are shared (see `shapes.rs`).
pub(super) fn list() -> Vec<Route> {
    let mut routes = vec![Route::post("/models/{*id}", User, calls::create)];
    routes.extend(resources::routes());
    routes
}

/// Its routes below `/upload/v1beta` and its like.
pub(super) fn upload_list() -> Vec<Route> {
    resources::upload_routes()
}

/// Its routes below `/download/v1beta` and its like.
pub(super) fn download_list() -> Vec<Route> {
    resources::download_routes()
}
