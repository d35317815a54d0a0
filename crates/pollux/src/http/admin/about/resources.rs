//! Keys, users, projects, and what was called.

use super::super::{
    attempts, forecast, keys, page, pool, projects, requests, stats, suggestions, usage, users,
};
use super::{after, calls, filter, limit, pages, stretch};
use crate::http::about::{
    About, Fields, Said, fields, list, moment, only, or_null, query, text, text_of, truth, whole,
};
use crate::http::foreign::words;

/// Its routes.
pub(super) fn all() -> Vec<About> {
    [keys(), users(), projects(), calls_made()].into_iter().flatten().collect()
}

/// Keys as they are pasted: a text with anything in it, or a list.
fn pasted() -> Fields {
    said(fields().must("key", text()))
}

fn tags() -> Said {
    list(text_of(32))
}

/// What an operator says of a key.
fn said(object: Fields) -> Fields {
    object.may("label", or_null(text())).may("note", or_null(text())).may("tags", or_null(tags()))
}

/// What is done to many keys.
fn deed() -> Fields {
    let filter =
        only().may("tag", text()).may("project", text()).may("enabled", truth()).may("state", text());
    let actions = ["test", "enable", "disable", "tag", "untag", "move", "reset", "delete"];
    only()
        .must("action", words(&actions))
        .may("ids", list(text()))
        .may("filter", filter.into())
        .may("tags", tags())
        .may("project", text())
        .may("after", or_null(text()))
        .may("limit", whole(1, 1_000))
}

fn keys() -> Vec<About> {
    let of = [
        About::get("/keys", "Gemini keys, in the order they were added")
            .takes(pages())
            .takes([
                filter("tag", "Only with this tag."),
                filter("project", "Only of this project, by id."),
                query("enabled", "Only those that are switched on, or off.", truth()),
                filter("state", "Only in this state."),
            ])
            .says_list::<page::Listed<keys::Key>, keys::Key>(),
        About::post("/keys", "Add Gemini keys: lines, CSV, .env, JSON, in one text or a list")
            .asks(pasted())
            .says::<keys::add::Imported>(200)
            .says::<keys::add::Imported>(201),
        About::post("/keys/preview", "What adding these keys would do")
            .asks(pasted())
            .says::<keys::add::Imported>(200),
        About::get("/keys/{id}", "One Gemini key, and what holds it").says::<keys::show::Shown>(200),
        About::patch("/keys/{id}", "Say something else of a key: label, note, tags")
            .asks(said(only()))
            .says::<keys::Key>(200),
        About::get("/keys/{id}/timeline", "What became of a key").says::<keys::timeline::Timeline>(200),
        About::post("/keys/bulk", "One deed to many keys, by ids or by a filter")
            .asks(deed())
            .says::<keys::bulk::Outcome>(200),
        About::delete("/keys/{id}", "Delete a key and its secret; 200 tells what becomes unreachable")
            .says::<keys::delete::Gone>(200)
            .says_nothing(),
        About::post("/keys/{id}/enable", "Let a key serve, also one that was dead").says::<keys::Key>(200),
        About::post("/keys/{id}/disable", "Take a key out of service").says::<keys::Key>(200),
        About::post("/keys/{id}/check", "Ask Google whether a key works; costs no quota")
            .says::<keys::check::Verdict>(200),
        About::post("/keys/{id}/move", "Count a key to another project")
            .asks(fields().must("project", text_of(100)))
            .says::<keys::Key>(200),
        About::post("/keys/export", "Gemini keys in clear, for moving elsewhere")
            .asks(only().may("after", or_null(text())).may("limit", whole(1, 1_000)))
            .says::<keys::export::Exported>(200),
    ];
    of.map(|about| about.tagged("Gemini keys")).to_vec()
}

/// The fields that users are made and changed with.
fn terms(object: Fields) -> Fields {
    let cap = || or_null(whole(0, 1_000_000_000_000_000));
    let limits = ["rpm", "tpm", "rpd", "concurrency", "tokens_day", "tokens_month", "tokens_total"]
        .iter()
        .fold(only(), |object, name| object.may(name, cap()));
    let limits =
        ["usd_day", "usd_month", "usd_total"].iter().fold(limits, |object, name| object.may(name, cap()));
    let injection = only()
        .must("position", words(&["system", "user_prefix", "user_suffix"]))
        .must("content", text_of(20_000));
    object
        .may("expires_at", or_null(moment()))
        .may("private", truth())
        .may("log_bodies", truth())
        .may("weight", whole(1, 100))
        .may("models", or_null(list(text_of(100))))
        .may("addresses", or_null(list(text())))
        .may("limits", or_null(Said::from(limits)))
        .may("priority", words(&["low", "normal", "high"]))
        .may("injection", or_null(Said::from(injection)))
}

fn users() -> Vec<About> {
    let of = [
        About::get("/users", "Users").takes(pages()).says_list::<page::Listed<users::User>, users::User>(),
        About::post("/users", "Make a user; its key is shown this once")
            .asks(terms(fields().must("name", text_of(100))))
            .says::<users::Keyed>(201),
        About::post("/users/check", "Whose key this is")
            .asks(fields().must("key", text()))
            .says::<users::check::Checked>(200),
        About::get("/users/{id}", "One user, with its use").says::<users::show::Shown>(200),
        About::patch("/users/{id}", "Change a user")
            .asks(terms(only().may("name", text_of(100))))
            .says::<users::User>(200),
        About::delete("/users/{id}", "Delete a user").says_nothing(),
        About::post("/users/{id}/enable", "Let a user in").says::<users::User>(200),
        About::post("/users/{id}/disable", "Keep a user out").says::<users::User>(200),
        About::post("/users/{id}/rotate", "Give a user another key, shown this once")
            .says::<users::Keyed>(200),
    ];
    of.map(|about| about.tagged("Users")).to_vec()
}

fn projects() -> Vec<About> {
    let change = only()
        .may("label", or_null(text_of(100)))
        .may("tier", words(&["free", "paid", "unknown"]))
        .may("weight", whole(1, 1_000))
        .may("priority", whole(-100, 100))
        .may("enabled", truth())
        .may("notes", text());
    let of = [
        About::get("/projects", "Google projects")
            .takes(pages())
            .says_list::<page::Listed<projects::Project>, projects::Project>(),
        About::get("/projects/suggestions", "Keys that seem to share a project")
            .says::<suggestions::Suggestions>(200),
        About::get("/projects/{id}", "One project, with its keys and limits")
            .says::<projects::show::Shown>(200),
        About::patch("/projects/{id}", "Change what is said of a project")
            .asks(change)
            .says::<projects::show::Shown>(200)
            .fails(&[409]),
        About::get("/pool", "The pool at this moment").says::<pool::Pool>(200),
        About::get("/forecast", "When models run dry, and what would help").says::<forecast::Forecasts>(200),
    ];
    of.map(|about| about.tagged("Projects and pool")).to_vec()
}

fn calls_made() -> Vec<About> {
    let user = || filter("user", "Only of this user, by id.");
    let format = query("format", "`jsonl` if nobody says.", words(&["jsonl", "csv"]));
    let by = query(
        "by",
        "What to sum by; `hour` if nobody says.",
        words(&["hour", "user", "project", "key", "model", "outcome"]),
    );
    let of = [
        About::get("/requests", "Calls, newest first")
            .takes(stretch())
            .takes(calls())
            .takes([user()])
            .takes(pages())
            .says_list::<page::Listed<requests::Call>, requests::Call>(),
        About::get("/requests/export", "Calls as a file")
            .takes(stretch())
            .takes(calls())
            .takes([user(), format, after()])
            .answer(200, "application/x-ndjson", None)
            .answer(200, "text/csv", None),
        About::get("/requests/{id}", "One call: attempts, decision, stages").says::<requests::Details>(200),
        About::get("/requests/{id}/bodies", "What was said in a call, where that is kept")
            .says::<requests::bodies::Shown>(200),
        About::get("/attempts", "Requests to Google, newest first")
            .takes(stretch())
            .takes(calls())
            .takes(pages())
            .says_list::<page::Listed<attempts::list::Entry>, attempts::list::Entry>(),
        About::get("/usage", "Sums of calls, tokens and cost, by group")
            .takes([by])
            .takes(stretch())
            .takes(calls())
            .takes([user(), after(), limit()])
            .says::<usage::sums::Usage>(200),
        About::get("/stats", "Calls and tokens of today and since the start").says::<stats::Overview>(200),
        About::get("/events", "What changes, as it changes: server-sent events").answer(
            200,
            "text/event-stream",
            None,
        ),
        About::get("/doctor/drip", "Five pieces, 200 ms apart, to find proxies that gather streams").answer(
            200,
            "text/event-stream",
            None,
        ),
    ];
    of.map(|about| about.tagged("Calls")).to_vec()
}
