//! What scripts of the original proxy use.

use super::super::{config, seed};
use super::pages;
use crate::http::about::{About, fields, only, text, truth, whole};
use crate::http::foreign::words;

/// Its routes.
pub(super) fn all() -> Vec<About> {
    let of = [settings(), lists()].concat();
    of.into_iter().map(|about| about.tagged("Names of the original")).collect()
}

fn settings() -> Vec<About> {
    vec![
        About::get("/config", "Thinking and injection").says::<config::show::Shown>(200),
        About::post("/config/gemini-key", "Add Gemini keys")
            .asks(fields().may("key", text()))
            .says::<config::gemini_key::Report>(200),
        About::post("/config/user-key", "Make a user key")
            .asks(fields().may("name", text()))
            .says::<config::user_key::Created>(200),
        About::post("/config/thinking", "How much models think")
            .asks(
                fields()
                    .may("enabled", truth())
                    .may("budget", whole(-1, 32_768))
                    .may("include_thoughts", truth()),
            )
            .says::<config::Updated>(200),
        About::post("/config/inject-prompt", "What is added to every call")
            .asks(
                fields()
                    .may("enabled", truth())
                    .may("content", text())
                    .may("position", words(&["system", "user_prefix", "user_suffix"])),
            )
            .says::<config::Updated>(200),
        About::post("/config/load-balance", "How keys are chosen")
            .asks(fields().must("load_balance_strategy", text()))
            .says::<config::Updated>(200),
    ]
}

fn lists() -> Vec<About> {
    let quota = || whole(0, 1_000_000_000_000);
    vec![
        About::get("/models", "Models with their limits").says::<seed::models::list::Listing>(200),
        About::get("/models/{model}", "One model with its limits").says::<seed::models::show::Shown>(200),
        About::post("/models/{model}", "Change a model's limits, or whether it is offered")
            .asks(
                only()
                    .may("single_api_rpm_limit", quota())
                    .may("single_api_tpm_limit", quota())
                    .may("single_api_rpd_limit", quota())
                    .may("status", whole(0, 1)),
            )
            .says::<seed::models::change::Changed>(200),
        About::get("/keys/gemini", "Gemini keys, masked")
            .takes(pages())
            .says_list::<seed::Listing<seed::gemini_keys::Masked>, seed::gemini_keys::Masked>(),
        About::delete("/keys/gemini/{id}", "Delete a Gemini key").says::<seed::Done>(200),
        About::post("/keys/gemini/{id}/toggle", "Switch a Gemini key on or off").says::<seed::Done>(200),
        About::get("/keys/user", "User keys, masked")
            .takes(pages())
            .says_list::<seed::Listing<seed::user_keys::Masked>, seed::user_keys::Masked>(),
        About::delete("/keys/user/{id}", "Delete a user").says::<seed::Done>(200),
        About::post("/keys/user/{id}/toggle", "Switch a user on or off").says::<seed::Done>(200),
    ]
}
