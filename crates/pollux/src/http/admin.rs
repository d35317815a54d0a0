//! The admin API: keys, users and the pool, for whoever holds the admin token.
//!
//! `/admin/config/*` and the resources of `seed.rs` keep the shapes that scripts of the original proxy know
//! (`seed-facts.md` §2.4, §2.5, §2.14); the others are plain resources. Failures are problem details (RFC 9457).
//!
//! Invariant: no answer holds a whole key but the one that has just made it.

mod config;
mod fields;
mod forecast;
mod import;
mod keys;
mod limits;
mod page;
mod path;
mod pool;
mod problem;
mod projects;
mod seed;
mod settings;
mod stats;
mod suggestions;
#[cfg(test)]
mod tests;
mod users;

use axum::Router;
use axum::routing::{MethodRouter, get, post, put};
use http::{HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

use super::Gateway;

pub(super) use problem::Problem;

/// The largest body of a request that brings keys; a hundred thousand of them fit.
const IMPORT_LIMIT: usize = 8 << 20;
/// The largest body of any other request.
const BODY_LIMIT: usize = 64 << 10;

/// Its routes, below `/admin`.
pub(super) fn routes() -> Router<Gateway> {
    // Fresh keys pass through here: nothing may be kept on the way.
    let no_store = HeaderValue::from_static("no-store");
    let routes =
        list().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    routes.layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, no_store))
}

/// Every path with its methods. A list, so that a test can walk it.
fn list() -> Vec<(&'static str, MethodRouter<Gateway>)> {
    vec![
        ("/config/gemini-key", post(config::gemini_key::add)),
        ("/config/user-key", post(config::user_key::create)),
        ("/config/thinking", post(config::thinking::set)),
        ("/config/inject-prompt", post(config::inject_prompt::set)),
        ("/config/load-balance", post(config::load_balance::set)),
        ("/config", get(config::show::show)),
        ("/stats", get(stats::show)),
        ("/models", get(seed::models::list::list)),
        ("/models/{model}", get(seed::models::show::show).post(seed::models::change::change)),
        ("/settings", get(settings::list::show).patch(settings::change::change)),
        ("/settings/history", get(settings::history::page)),
        ("/settings/rollback", post(settings::rollback::roll_back)),
        ("/keys", get(keys::list::page).post(keys::add::add)),
        ("/keys/{id}", get(keys::show::show).delete(keys::delete::delete)),
        ("/keys/{id}/enable", post(keys::switch::enable)),
        ("/keys/{id}/disable", post(keys::switch::disable)),
        ("/keys/{id}/check", post(keys::check::check)),
        ("/keys/{id}/move", post(keys::r#move::to_project)),
        ("/users", get(users::list::page).post(users::add::add)),
        ("/users/check", post(users::check::check)),
        ("/users/{id}", get(users::show::show).patch(users::change::change).delete(users::delete::delete)),
        ("/users/{id}/enable", post(users::switch::enable)),
        ("/users/{id}/disable", post(users::switch::disable)),
        ("/users/{id}/rotate", post(users::rotate::rotate)),
        ("/pool", get(pool::show)),
        ("/forecast", get(forecast::show)),
        ("/projects/suggestions", get(suggestions::list)),
        ("/projects", get(projects::list::page)),
        ("/projects/{id}", get(projects::show::show).patch(projects::change::change)),
        (
            "/projects/{id}/limits/{model}",
            put(limits::declare::of_project).delete(limits::forget::of_project),
        ),
        ("/limits", get(limits::list::page)),
        ("/limits/{model}", put(limits::declare::of_all).delete(limits::forget::of_all)),
        ("/keys/gemini", get(seed::gemini_keys::list)),
        ("/keys/gemini/{id}", axum::routing::delete(seed::gemini_keys::delete)),
        ("/keys/gemini/{id}/toggle", post(seed::gemini_keys::toggle)),
        ("/keys/user", get(seed::user_keys::list)),
        ("/keys/user/{id}", axum::routing::delete(seed::user_keys::delete)),
        ("/keys/user/{id}/toggle", post(seed::user_keys::toggle)),
    ]
}
