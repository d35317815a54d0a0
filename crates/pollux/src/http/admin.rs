//! The admin API: keys, users and the pool, for operators.
//!
//! `/admin/config/*` and the resources of `seed.rs` keep the shapes that scripts of the original proxy know
//! (`seed-facts.md` §2.4, §2.5, §2.14); the others are plain resources. Failures are problem details (RFC 9457).
//!
//! Invariant: no answer holds a whole key but the one that has just made it.

mod about;
mod alerts;
mod asked;
mod attempts;
mod audit;
mod backups;
mod catalog;
mod complaints;
mod config;
mod doctor;
mod events;
mod fields;
mod forecast;
mod import;
mod jobs;
mod keys;
mod limits;
mod operators;
mod page;
mod path;
mod pool;
mod problem;
mod projects;
mod replicas;
mod requests;
mod seed;
mod session;
mod sessions;
mod settings;
mod setup;
mod stats;
mod suggestions;
#[cfg(test)]
mod tests;
mod usage;
mod users;

use axum::{Router, middleware};
use http::{HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

use super::Gateway;
use super::routes::Guard::{Admin, Open, Sudo, Viewer};
use super::routes::{Route, mount};

pub(super) use about::all as about;
pub(super) use problem::{Problem, schemas as problem_schemas};
pub(super) use replicas::word as redis_word;

/// The largest body of a request that brings keys; a hundred thousand of them fit.
const IMPORT_LIMIT: usize = 8 << 20;
/// The largest body of any other request.
const BODY_LIMIT: usize = 64 << 10;

/// Its routes, below `/admin`.
pub(super) fn routes(gateway: &Gateway) -> Router<Gateway> {
    // Fresh keys pass through here: nothing may be kept on the way.
    let no_store = HeaderValue::from_static("no-store");
    mount(list(), gateway)
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, no_store))
        // Whatever was changed, other replicas have to know.
        .layer(middleware::from_fn_with_state(gateway.clone(), replicas::tell))
}

/// Every route: its method, its path, who may use it, who answers.
pub(super) fn list() -> Vec<Route> {
    [of_operators(), of_settings(), of_resources()].into_iter().flatten().collect()
}

/// Who operates the gateway, and what they did.
fn of_operators() -> Vec<Route> {
    vec![
        Route::get("/setup", Open, setup::show::show),
        Route::post("/setup/claim", Open, setup::claim::claim),
        Route::get("/session", Viewer, session::show::show),
        Route::post("/session", Open, session::open::open),
        Route::delete("/session", Viewer, session::close::close),
        Route::post("/session/confirm", Viewer, session::confirm::confirm),
        Route::post("/session/password", Viewer, session::password::change),
        Route::get("/sessions", Viewer, sessions::list::page),
        Route::delete("/sessions", Admin, sessions::end_all::end),
        Route::delete("/sessions/{id}", Admin, sessions::end::end),
        Route::get("/operators", Viewer, operators::list::page),
        Route::post("/operators", Admin, operators::add::add),
        Route::get("/operators/{id}", Viewer, operators::show::show),
        Route::patch("/operators/{id}", Admin, operators::change::change),
        Route::delete("/operators/{id}", Admin, operators::delete::delete),
        Route::get("/audit", Viewer, audit::list),
        Route::get("/replicas", Viewer, replicas::show),
        Route::get("/alerts", Viewer, alerts::list::all),
        Route::post("/alerts/test", Admin, alerts::test::send),
        Route::get("/jobs", Viewer, jobs::list::all),
        Route::post("/jobs/{name}/run", Admin, jobs::run::run),
        Route::get("/backups", Viewer, backups::list::all),
        Route::post("/backups", Admin, backups::make::make),
        Route::post("/backups/{name}/download", Sudo, backups::download::download),
    ]
}

/// What is set, and what is used, under our names and those of the original.
fn of_settings() -> Vec<Route> {
    vec![
        Route::post("/config/gemini-key", Admin, config::gemini_key::add),
        Route::post("/config/user-key", Admin, config::user_key::create),
        Route::post("/config/thinking", Admin, config::thinking::set),
        Route::post("/config/inject-prompt", Admin, config::inject_prompt::set),
        Route::post("/config/load-balance", Admin, config::load_balance::set),
        Route::get("/config", Viewer, config::show::show),
        Route::get("/stats", Viewer, stats::show),
        Route::get("/catalog", Viewer, catalog::list),
        Route::get("/models", Viewer, seed::models::list::list),
        Route::get("/models/{model}", Viewer, seed::models::show::show),
        Route::post("/models/{model}", Admin, seed::models::change::change),
        Route::get("/settings", Viewer, settings::list::show),
        Route::patch("/settings", Admin, settings::change::change),
        Route::get("/settings/history", Viewer, settings::history::page),
        Route::post("/settings/rollback", Admin, settings::rollback::roll_back),
    ]
}

/// Keys, users, projects and their limits.
fn of_resources() -> Vec<Route> {
    vec![
        Route::post("/keys/export", Sudo, keys::export::export),
        Route::get("/keys", Viewer, keys::list::page),
        Route::post("/keys", Admin, keys::add::add),
        Route::post("/keys/preview", Viewer, keys::preview::preview),
        Route::post("/keys/bulk", Admin, keys::bulk::act),
        Route::get("/keys/{id}", Viewer, keys::show::show),
        Route::patch("/keys/{id}", Admin, keys::change::change),
        Route::get("/keys/{id}/timeline", Viewer, keys::timeline::show),
        Route::delete("/keys/{id}", Admin, keys::delete::delete),
        Route::post("/keys/{id}/enable", Admin, keys::switch::enable),
        Route::post("/keys/{id}/disable", Admin, keys::switch::disable),
        Route::post("/keys/{id}/check", Admin, keys::check::check),
        Route::post("/keys/{id}/move", Admin, keys::r#move::to_project),
        Route::get("/users", Viewer, users::list::page),
        Route::post("/users", Admin, users::add::add),
        Route::post("/users/check", Viewer, users::check::check),
        Route::get("/users/{id}", Viewer, users::show::show),
        Route::patch("/users/{id}", Admin, users::change::change),
        Route::delete("/users/{id}", Admin, users::delete::delete),
        Route::post("/users/{id}/enable", Admin, users::switch::enable),
        Route::post("/users/{id}/disable", Admin, users::switch::disable),
        Route::post("/users/{id}/rotate", Admin, users::rotate::rotate),
        Route::get("/pool", Viewer, pool::show),
        Route::get("/forecast", Viewer, forecast::show),
        Route::get("/projects/suggestions", Viewer, suggestions::list),
        Route::get("/projects", Viewer, projects::list::page),
        Route::get("/projects/{id}", Viewer, projects::show::show),
        Route::patch("/projects/{id}", Admin, projects::change::change),
        Route::put("/projects/{id}/limits/{model}", Admin, limits::declare::of_project),
        Route::delete("/projects/{id}/limits/{model}", Admin, limits::forget::of_project),
        Route::get("/limits", Viewer, limits::list::page),
        Route::put("/limits/{model}", Admin, limits::declare::of_all),
        Route::delete("/limits/{model}", Admin, limits::forget::of_all),
        Route::get("/events", Viewer, events::stream),
        Route::get("/doctor/drip", Viewer, doctor::drip::drip),
        Route::get("/requests", Viewer, requests::list::page),
        Route::get("/requests/export", Viewer, requests::export::export),
        Route::get("/requests/{id}", Viewer, requests::show::show),
        Route::get("/requests/{id}/bodies", Admin, requests::bodies::show),
        Route::get("/attempts", Viewer, attempts::list::page),
        Route::get("/usage", Viewer, usage::sums::sums),
        Route::get("/keys/gemini", Viewer, seed::gemini_keys::list),
        Route::delete("/keys/gemini/{id}", Admin, seed::gemini_keys::delete),
        Route::post("/keys/gemini/{id}/toggle", Admin, seed::gemini_keys::toggle),
        Route::get("/keys/user", Viewer, seed::user_keys::list),
        Route::delete("/keys/user/{id}", Admin, seed::user_keys::delete),
        Route::post("/keys/user/{id}/toggle", Admin, seed::user_keys::toggle),
    ]
}
