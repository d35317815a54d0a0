//! The name of every metric. Labels have few values by design: never a user, a key or a free text.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What a metric measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How long things take, in seconds.
    Seconds,
}

macro_rules! names {
    ($($(#[doc = $doc:literal])+ $constant:ident = $name:literal, $kind:ident;)*) => {
        $($(#[doc = $doc])+ pub const $constant: &str = $name;)*

        /// Every metric: name, kind and meaning.
        pub const ALL: &[(&str, Kind, &str)] = &[$(($name, Kind::$kind, concat!($($doc),+).trim_ascii()),)*];
    };
}

names! {
    /// Calls that ended, by `surface` and `outcome`.
    CALLS = "pollux_calls_total", Counter;
    /// Calls under way, by `surface`.
    CALLS_OPEN = "pollux_calls_open", Gauge;
    /// Seconds from the request to the end of the answer, by `surface`.
    CALL_SECONDS = "pollux_call_seconds", Seconds;
    /// Seconds from the request to the first event for the client (TTFT), by `surface`.
    FIRST_EVENT_SECONDS = "pollux_first_event_seconds", Seconds;
    /// Seconds from the request to the commit point.
    COMMIT_SECONDS = "pollux_commit_seconds", Seconds;
    /// Seconds a call spent in our own code, waits for Google left out.
    OVERHEAD_SECONDS = "pollux_overhead_seconds", Seconds;
    /// Attempts sent to Google, by `outcome`.
    ATTEMPTS = "pollux_attempts_total", Counter;
    /// Attempts that moved a call to another project, by `reason`.
    FAILOVERS = "pollux_failovers_total", Counter;
    /// Retries that the retry budget forbade.
    RETRIES_REFUSED = "pollux_retries_refused_total", Counter;
    /// Requests repaired and sent again after Google named a parameter it does not take, by `repair`.
    REPAIRS = "pollux_repairs_total", Counter;
    /// Calls whose first event was late, so that a second project was asked as well.
    HEDGES = "pollux_hedges_total", Counter;
    /// Streams that broke after the commit point, by `reason`.
    STREAMS_CUT = "pollux_streams_cut_total", Counter;
    /// Calls whose client went away before the end.
    CLIENTS_GONE = "pollux_clients_gone_total", Counter;
    /// Sign-of-life comments sent to waiting clients.
    HEARTBEATS = "pollux_heartbeats_total", Counter;
    /// Seconds from sending to the head of Google's answer.
    UPSTREAM_HEAD_SECONDS = "pollux_upstream_head_seconds", Seconds;
    /// Exchanges with Google that failed below HTTP, by `reason`.
    UPSTREAM_FAILURES = "pollux_upstream_failures_total", Counter;
    /// Calls that waited for room.
    QUEUED = "pollux_queued_total", Counter;
    /// Calls waiting for room now.
    QUEUE_LENGTH = "pollux_queue_length", Gauge;
    /// Seconds calls waited for room.
    QUEUE_SECONDS = "pollux_queue_seconds", Seconds;
    /// Leases dropped unsettled; their reservation stays counted.
    LEASES_DROPPED = "pollux_leases_dropped_total", Counter;
    /// Leases out now.
    LEASES_OPEN = "pollux_leases_open", Gauge;
    /// Keys by `state`.
    KEYS = "pollux_keys", Gauge;
    /// Benches begun, by `scope` and `reason`.
    BENCHES = "pollux_benches_total", Counter;
    /// Limits learned from Google's answers, by `quota`.
    LIMITS_LEARNED = "pollux_limits_learned_total", Counter;
    /// Tokens, by `kind` (prompt, answer, thoughts, cached).
    TOKENS = "pollux_tokens_total", Counter;
    /// Thought signatures, by `carrier` they were found in.
    SIGNATURES = "pollux_signatures_total", Counter;
    /// Requests answered by us, by `route` and `status`.
    HTTP_REQUESTS = "pollux_http_requests_total", Counter;
    /// Requests refused because nobody could be told to be asking, by `surface`.
    AUTH_REFUSED = "pollux_auth_refused_total", Counter;
    /// Seconds a batch of writes took.
    STORE_WRITE_SECONDS = "pollux_store_write_seconds", Seconds;
    /// Writes waiting for the store.
    STORE_BACKLOG = "pollux_store_backlog", Gauge;
    /// Lines that the call log left out because its writer could not keep up.
    CALL_LOG_LOST = "pollux_call_log_lost_total", Counter;
    /// Background tasks that ended by panic, by `task`.
    TASKS_CRASHED = "pollux_tasks_crashed_total", Counter;
}

/// Tells the exporter what each metric means.
pub fn describe() {
    for (name, kind, meaning) in ALL {
        match kind {
            Kind::Counter => describe_counter!(*name, *meaning),
            Kind::Gauge => describe_gauge!(*name, *meaning),
            Kind::Seconds => describe_histogram!(*name, Unit::Seconds, *meaning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_prometheus_and_are_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for (name, kind, meaning) in ALL {
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("pollux_") && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_seconds"), *kind == Kind::Seconds, "{name}");
            assert!(meaning.ends_with('.') && !meaning.starts_with(' '), "{name}: {meaning}");
        }
    }
}
