//! What is set, and what models are.

use super::super::{catalog, limits, page, settings};
use super::{after, filter, limit};
use crate::http::about::{About, anything, only, query, truth, whole};

/// Larger than any quota.
const MOST: i64 = 1_000_000_000_000;

/// Its routes.
pub(super) fn all() -> Vec<About> {
    [settings(), models()].into_iter().flatten().collect()
}

fn settings() -> Vec<About> {
    let dry_run = || query("dry_run", "Only say what would change.", truth());
    let of = [
        About::get("/settings", "Every setting: value, source, constraints")
            .says::<settings::list::Listing>(200),
        About::patch("/settings", "Change settings by a JSON merge patch: all of it, or nothing")
            .takes([dry_run()])
            .asks(anything())
            .says::<settings::Changed>(200)
            .fails(&[412]),
        About::get("/settings/history", "Who changed what, the newest first")
            .takes([query("after", "The `next` of the page before.", whole(0, i64::from(u32::MAX))), limit()])
            .says_list::<page::Listed<settings::history::Told>, settings::history::Told>(),
        About::post("/settings/rollback", "Bring back an older version; 0 takes back all that is stored")
            .takes([dry_run()])
            .asks(only().must("version", whole(0, i64::from(u32::MAX))).may("dry_run", truth()))
            .says::<settings::Changed>(200)
            .fails(&[404, 412]),
    ];
    of.map(|about| about.tagged("Settings")).to_vec()
}

fn models() -> Vec<About> {
    let caps = || only().may("rpm", whole(0, MOST)).may("tpm", whole(0, MOST)).may("rpd", whole(0, MOST));
    let of = [
        About::get("/catalog", "Models: what they can do, cost and are called").says::<catalog::Listing>(200),
        About::get("/limits", "Limits of projects and models, and where they are known from")
            .takes([after(), limit()])
            .takes([
                filter("project", "Only of this project; `-` for what holds for all."),
                filter("model", "Only of this model."),
            ])
            .says_list::<page::Listed<limits::Entry>, limits::Entry>()
            .fails(&[404]),
        About::put("/limits/{model}", "Declare what every project has of a model")
            .asks(caps())
            .says::<limits::declare::Declared>(200),
        About::delete("/limits/{model}", "Take back what was declared for every project").says_nothing(),
        About::put("/projects/{id}/limits/{model}", "Declare what a project has of a model")
            .asks(caps())
            .says::<limits::declare::Declared>(200),
        About::delete("/projects/{id}/limits/{model}", "Take back what was declared for a project")
            .says_nothing(),
    ];
    of.map(|about| about.tagged("Models and limits")).to_vec()
}
