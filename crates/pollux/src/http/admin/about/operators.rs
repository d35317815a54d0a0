//! Who operates the gateway, what they did, and what it does by itself.

use super::super::{alerts, audit, backups, jobs, operators, page, replicas, session, sessions, setup};
use super::{filter, limit, pages};
use crate::http::about::{About, moment, only, query, text, text_of, truth};
use crate::http::foreign::words;

/// Its routes.
pub(super) fn all() -> Vec<About> {
    [people(), sessions(), watch()].into_iter().flatten().collect()
}

fn people() -> Vec<About> {
    let role = || words(&["admin", "viewer"]);
    let of = [
        About::get("/setup", "Whether the console was claimed").says::<setup::show::Setup>(200),
        About::post("/setup/claim", "Claim the console: name and password of the first operator")
            .asks(only().may("token", text()).must("name", text_of(64)).must("password", text()))
            .says::<session::show::Myself>(200)
            .fails(&[401, 409, 429]),
        About::get("/operators", "Operators")
            .takes(pages())
            .says_list::<page::Listed<operators::Shown>, operators::Shown>(),
        About::post("/operators", "Add an operator")
            .asks(only().must("name", text_of(64)).must("password", text()).may("role", role()))
            .says::<operators::Shown>(201)
            .fails(&[409]),
        About::get("/operators/{id}", "One operator").says::<operators::Shown>(200),
        About::patch("/operators/{id}", "Change role, password, or whether somebody may log in")
            .asks(only().may("role", role()).may("enabled", truth()).may("password", text()))
            .says::<operators::Shown>(200)
            .fails(&[409]),
        About::delete("/operators/{id}", "Delete an operator").says_nothing().fails(&[409]),
    ];
    of.map(|about| about.tagged("Operators")).to_vec()
}

fn sessions() -> Vec<About> {
    let of = [
        About::get("/session", "Who is asking").says::<session::show::Myself>(200),
        About::post("/session", "Log in by name and password, or by the admin token")
            .asks(only().may("name", text()).may("password", text()).may("token", text()))
            .says::<session::show::Myself>(200)
            .fails(&[401, 429]),
        About::delete("/session", "Log out").says_nothing(),
        About::post("/session/confirm", "Prove again who is asking; it counts for five minutes")
            .asks(only().may("password", text()).may("token", text()))
            .says_nothing()
            .fails(&[409]),
        About::post("/session/password", "Change one's own password")
            .asks(only().must("password", text()).must("new_password", text()))
            .says::<session::show::Myself>(200)
            .fails(&[409]),
        About::get("/sessions", "Sessions that are not over")
            .takes(pages())
            .says_list::<page::Listed<sessions::list::Shown>, sessions::list::Shown>(),
        About::delete("/sessions", "End every other session").says::<sessions::end_all::Ended>(200),
        About::delete("/sessions/{id}", "End one session").says_nothing(),
    ];
    of.map(|about| about.tagged("Sessions")).to_vec()
}

fn watch() -> Vec<About> {
    let of = [
        About::get("/audit", "What operators did, the latest first")
            .takes([
                filter("operator", "Only of this one."),
                filter("action", "Only this, such as `POST /admin/keys`."),
                filter("object", "Only of this id or name."),
                query("since", "Only what happened then or later.", moment()),
                query("until", "Only what happened before.", moment()),
                filter("before", "The `next` of the page before."),
                limit(),
            ])
            .says::<audit::Deeds>(200),
        About::get("/alerts", "What wants attention").says::<alerts::list::Listed>(200),
        About::post("/alerts/test", "Send a test over every channel").says::<alerts::test::Tested>(200),
        About::get("/replicas", "Who is there, and whether they count together")
            .says::<replicas::Listed>(200),
        About::get("/jobs", "What the gateway does by itself").says::<jobs::list::Listed>(200),
        About::post("/jobs/{name}/run", "Run a job now")
            .says::<jobs::Shown>(200)
            .says::<jobs::Shown>(202)
            .fails(&[409]),
        About::get("/backups", "Backups").says::<backups::list::Listed>(200),
        About::post("/backups", "Make a backup")
            .says::<jobs::Shown>(201)
            .says::<jobs::Shown>(202)
            .fails(&[409]),
        About::post("/backups/{name}/download", "Download a backup")
            .answer(200, "application/octet-stream", None)
            .fails(&[409]),
    ];
    of.map(|about| about.tagged("Upkeep")).to_vec()
}
