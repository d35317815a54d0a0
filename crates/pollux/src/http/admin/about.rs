//! What the OpenAPI document says of the admin API.

mod operators;
mod resources;
mod seed;
mod settings;

use crate::http::about::{About, Query, moment, query, text_of, whole};

/// All of its routes.
pub(in crate::http) fn all() -> Vec<About> {
    [operators::all(), settings::all(), resources::all(), seed::all()].into_iter().flatten().collect()
}

/// Of every list that has pages.
fn pages() -> [Query; 2] {
    [after(), limit()]
}

fn after() -> Query {
    query("after", "The `next` of the page before.", text_of(300))
}

fn limit() -> Query {
    query("limit", "How many at most; 100 if nobody says.", whole(1, 1_000))
}

fn filter(name: &'static str, words: &'static str) -> Query {
    query(name, words, text_of(200))
}

/// A stretch of time.
fn stretch() -> [Query; 2] {
    [
        query("from", "Only what began then or later: ISO 8601, or milliseconds since 1970.", moment()),
        query("until", "Only what began before.", moment()),
    ]
}

/// Which keys, projects, models and endings.
fn calls() -> [Query; 4] {
    [
        filter("key", "Only of this Gemini key, by id."),
        filter("project", "Only of this project, by id."),
        filter("model", "Only of this model."),
        filter("outcome", "Only with this outcome: `ok`, or a short name of the failure."),
    ]
}
