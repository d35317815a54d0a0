//! What the OpenAPI document says of what machines ask.

use super::{debug, health, metrics, status};
use crate::http::about::{About, fields, moment, text};
use crate::http::foreign::words;

/// All of it.
pub(in crate::http) fn all() -> Vec<About> {
    let word = |words_of: &[&str]| Some(fields().must("status", words(words_of)).into());
    let awake = fields().must("status", text()).must("timestamp", moment()).must("message", text());
    let of = [
        About::get("/health", "How the gateway is; 200 as long as it answers").says::<health::Said>(200),
        About::get("/healthz", "Whether the process lives").answer(200, "application/json", word(&["alive"])),
        About::get("/readyz", "Whether to send it calls")
            .answer(200, "application/json", word(&["ready"]))
            .answer(503, "application/json", word(&["leaving", "journal_full"])),
        About::get("/wake", "Wake it, for uptime monitors").answer(
            200,
            "application/json",
            Some(awake.into()),
        ),
        About::get("/status", "Who it is and since when it runs").says::<status::Shown>(200),
        About::get("/metrics", "Figures: JSON, or Prometheus text for those who accept it")
            .says::<metrics::json::Figures>(200)
            .answer(200, "text/plain", None)
            .answer(200, "application/openmetrics-text", None),
        About::get("/debug/info", "How it is set up, without secrets").says::<debug::Info>(200),
    ];
    of.map(|about| about.tagged("Health")).to_vec()
}
