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
    /// Attempts sent to Google, by `outcome`.
    ATTEMPTS = "pollux_attempts_total", Counter;
    /// Calls whose first event was late, so that a second project was asked as well.
    HEDGES = "pollux_hedges_total", Counter;
    /// Calls that waited for room.
    QUEUED = "pollux_queued_total", Counter;
    /// Calls waiting for room now.
    QUEUE_LENGTH = "pollux_queue_length", Gauge;
    /// Leases dropped unsettled; their reservation stays counted.
    LEASES_DROPPED = "pollux_leases_dropped_total", Counter;
    /// Calls dropped before it was known what they took; their user pays all that was reserved.
    ADMISSIONS_DROPPED = "pollux_admissions_dropped_total", Counter;
    /// Calls that a limit of their user kept, by `limit`.
    CALLS_LIMITED = "pollux_calls_limited_total", Counter;
    /// Lines that the call log left out because its writer could not keep up.
    CALL_LOG_LOST = "pollux_call_log_lost_total", Counter;
    /// Runs of jobs, by `job` and `outcome` (`done`, `failed`).
    JOB_RUNS = "pollux_job_runs_total", Counter;
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
