//! The name of every metric, with its labels and its meaning.
//!
//! Labels have few values by design: words of ours, the catalogue's models and the configured ways out. Never a user, a
//! key, a project or a text that somebody sent.

/// What a metric measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How long things take, in seconds, counted in buckets.
    Seconds,
}

/// A metric as declared.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// What it measures.
    pub kind: Kind,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// What it means, in one sentence.
    pub help: &'static str,
}

macro_rules! names {
    ($($(#[doc = $doc:literal])+ $constant:ident = $name:literal, $kind:ident $(, [$($label:literal),*])?;)*) => {
        $($(#[doc = $doc])+ pub const $constant: &str = $name;)*

        /// Every metric.
        pub const ALL: &[Declared] = &[$(Declared {
            name: $name,
            kind: Kind::$kind,
            labels: &[$($($label),*)?],
            help: concat!($($doc),+).trim_ascii(),
        },)*];
    };
}

names! {
    /// Connections and calls that there was no room for, by what was full: connections, address, calls, bodies, large,
    /// calls_of_address.
    TURNED_AWAY = "pollux_turned_away_total", Counter, ["reason"];
    /// Connections cut because their client was too slow, by what with: handshake, header or write.
    CONNECTIONS_CUT = "pollux_connections_cut_total", Counter, ["reason"];
    /// Requests by the part of the gateway that took them and the class of the answer's status.
    HTTP_REQUESTS = "pollux_http_requests_total", Counter, ["part", "status"];
    /// Calls that ended, by API, model and how they ended.
    CALLS = "pollux_calls_total", Counter, ["surface", "model", "outcome"];
    /// Calls under way.
    CALLS_OPEN = "pollux_calls_open", Gauge;
    /// How long calls took, from the request read to the last word.
    CALL_SECONDS = "pollux_call_duration_seconds", Seconds, ["surface", "model"];
    /// How long calls took to the first event with content, from the request read.
    FIRST_EVENT_SECONDS = "pollux_first_event_seconds", Seconds, ["surface", "model"];
    /// What the gateway itself added up to the first event: neither Google nor waiting for room.
    OVERHEAD_SECONDS = "pollux_overhead_seconds", Seconds, ["surface"];
    /// Tokens as Google counted them, by kind: input, output, and of these cached and thinking.
    TOKENS = "pollux_tokens_total", Counter, ["model", "kind"];
    /// What answered calls cost by the catalogue's prices, in millionths of a dollar.
    COST = "pollux_cost_microdollars_total", Counter, ["model"];
    /// Attempts sent to Google, by how they ended.
    ATTEMPTS = "pollux_attempts_total", Counter, ["outcome"];
    /// Attempts made because another had failed, by how that one ended.
    RETRIES = "pollux_retries_total", Counter, ["cause"];
    /// Calls whose first event was late, so that a second project was asked as well.
    HEDGES = "pollux_hedges_total", Counter;
    /// How long Google took to the head of an answer, connecting included.
    UPSTREAM_HEAD_SECONDS = "pollux_upstream_head_seconds", Seconds;
    /// Calls that waited for room.
    QUEUED = "pollux_queued_total", Counter;
    /// Calls waiting for room now.
    QUEUE_LENGTH = "pollux_queue_length", Gauge;
    /// How long calls waited for room, those that did not wait left out.
    QUEUE_WAIT_SECONDS = "pollux_queue_wait_seconds", Seconds;
    /// Leases dropped unsettled; their reservation stays counted.
    LEASES_DROPPED = "pollux_leases_dropped_total", Counter;
    /// Keys by state: ready, benched, dead or disabled, their project's state included.
    KEYS = "pollux_keys", Gauge, ["state"];
    /// Projects by their own state: ready, benched, dead or disabled.
    PROJECTS = "pollux_projects", Gauge, ["state"];
    /// Benches that stand, by what is benched (key, project, bucket, key_model, model) and the kind of reason.
    BENCHES = "pollux_benches", Gauge, ["scope", "reason"];
    /// The share of the tightest known limit that is left, of the project that has least, by model and window.
    HEADROOM = "pollux_headroom_ratio", Gauge, ["model", "window"];
    /// Projects that could take a call of a model now.
    PROJECTS_WITH_ROOM = "pollux_projects_with_room", Gauge, ["model"];
    /// Requests that the known day limits of a model allow, all projects together.
    DAY_CAPACITY = "pollux_day_capacity_requests", Gauge, ["model"];
    /// Requests that are left of a model's day, all projects together.
    DAY_LEFT = "pollux_day_left_requests", Gauge, ["model"];
    /// Seconds until a model's day runs dry at the present rate; +Inf if it lasts, absent if a limit is not known.
    DAY_DRY_SECONDS = "pollux_day_runs_dry_in_seconds", Gauge, ["model"];
    /// Connections to Google that are open.
    UPSTREAM_CONNECTIONS = "pollux_upstream_connections", Gauge;
    /// Connections to Google that were tried, by result: opened or failed.
    UPSTREAM_CONNECTS = "pollux_upstream_connects_total", Counter, ["result"];
    /// 1 if a way out to Google is used, 0 if it sits out.
    EGRESS_UP = "pollux_egress_up", Gauge, ["egress"];
    /// 1 if the store answers, 0 if it does not.
    STORE_UP = "pollux_store_up", Gauge;
    /// How long the store took, by operation: a write of the day's counts, a change of the pool, a ping.
    STORE_SECONDS = "pollux_store_seconds", Seconds, ["operation"];
    /// 1 if Redis answers, 0 if it is away and this replica goes on with its share. Absent without Redis.
    REDIS_UP = "pollux_redis_up", Gauge;
    /// Questions to Redis that got no answer.
    REDIS_FAILURES = "pollux_redis_failures_total", Counter;
    /// Replicas that are heard through Redis, this one included.
    REPLICAS = "pollux_replicas", Gauge;
    /// Claims to a bucket that the other replicas had used up, after this replica had seen room in it.
    CLAIMS_REFUSED = "pollux_claims_refused_total", Counter;
    /// Calls dropped before it was known what they took; their user pays all that was reserved.
    ADMISSIONS_DROPPED = "pollux_admissions_dropped_total", Counter;
    /// Calls that a limit of their user kept, by the limit.
    CALLS_LIMITED = "pollux_calls_limited_total", Counter, ["limit"];
    /// Lines that the call log left out because its writer could not keep up.
    CALL_LOG_LOST = "pollux_call_log_lost_total", Counter;
    /// Bytes of the journal that are on the disk: what the database has not taken over yet, and a little more.
    JOURNAL_BYTES = "pollux_journal_bytes", Gauge;
    /// Calls that ended and that the database has not taken over yet.
    JOURNAL_PENDING = "pollux_journal_pending", Gauge;
    /// Writes to the journal that failed; each is tried again.
    JOURNAL_FAILURES = "pollux_journal_failures_total", Counter;
    /// Answers that went out although their record could not be written in time; it is kept in memory until it can be.
    JOURNAL_LATE = "pollux_journal_late_total", Counter;
    /// Traces handed to the collector.
    TRACES_SENT = "pollux_traces_sent_total", Counter;
    /// Traces that were given up, by reason: backlog or collector.
    TRACES_LOST = "pollux_traces_lost_total", Counter, ["reason"];
    /// Series that were not kept because their metric has too many already, or is not declared.
    SERIES_REFUSED = "pollux_metrics_series_refused_total", Counter;
    /// Runs of jobs, by job and outcome: done or failed.
    JOB_RUNS = "pollux_job_runs_total", Counter, ["job", "outcome"];
    /// Background tasks that ended by panic, by task.
    TASKS_CRASHED = "pollux_tasks_crashed_total", Counter, ["task"];
    /// Seconds since the gateway started.
    UPTIME_SECONDS = "pollux_uptime_seconds", Gauge;
    /// Always 1; the label says which version runs.
    BUILD_INFO = "pollux_build_info", Gauge, ["version"];
    /// Processor time used by the process.
    PROCESS_CPU_SECONDS = "process_cpu_seconds_total", Counter;
    /// Memory that the process keeps resident.
    PROCESS_RESIDENT_BYTES = "process_resident_memory_bytes", Gauge;
    /// Address space of the process.
    PROCESS_VIRTUAL_BYTES = "process_virtual_memory_bytes", Gauge;
    /// Files and sockets that are open.
    PROCESS_OPEN_FDS = "process_open_fds", Gauge;
    /// Files and sockets that may be open.
    PROCESS_MAX_FDS = "process_max_fds", Gauge;
    /// Threads of the process.
    PROCESS_THREADS = "process_threads", Gauge;
}

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static Declared> {
    ALL.iter().find(|declared| declared.name == name)
}

impl Declared {
    /// What it is measured in.
    pub fn unit(&self) -> &'static str {
        let bare = self.name.strip_suffix("_total").unwrap_or(self.name);
        ["seconds", "bytes", "ratio", "microdollars", "requests", "tokens"]
            .into_iter()
            .find(|unit| bare.ends_with(unit))
            .unwrap_or("count")
    }

    /// The upper ends of its buckets, for what is counted in buckets.
    pub fn buckets(&self) -> &'static [f64] {
        match self.name {
            OVERHEAD_SECONDS | STORE_SECONDS => FINE,
            _ => COARSE,
        }
    }
}

/// From a tenth of a millisecond to seconds: what the gateway does by itself.
const FINE: &[f64] =
    &[0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// From tens of milliseconds to minutes: what hangs on Google.
const COARSE: &[f64] =
    &[0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// The page that lists every metric.
pub fn page() -> String {
    let mut page = String::from(HEAD);
    for declared in ALL {
        let Declared { name, kind, labels, help } = declared;
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Seconds => "histogram",
        };
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        let row = [
            format!("`{name}`"),
            kind.to_owned(),
            declared.unit().to_owned(),
            labels.join(" "),
            (*help).to_owned(),
        ];
        page.extend(["| ", &row.join(" | "), " |\n"]);
    }
    page
}

const HEAD: &str = "# Metrics

`GET /metrics` with `Accept: text/plain` or `application/openmetrics-text`, and the admin token. This page is generated from
`crates/pollux/src/telemetry/names.rs`; how to use it all is in [observability.md](observability.md). Histograms are in
seconds. A model that the catalogue does not have is `other`.

| name | kind | unit | labels | meaning |
|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_prometheus_and_are_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for declared in ALL {
            let Declared { name, kind, labels, help } = declared;
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("pollux_") || name.starts_with("process_"), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(*kind != Kind::Seconds || name.ends_with("_seconds"), "{name}");
            assert!(help.ends_with('.') && !help.starts_with(' '), "{name}: {help}");
            assert!(labels.iter().all(|label| *label != "le"), "{name}");
            assert!(declared.buckets().is_sorted(), "{name}");
        }
    }

    /// `POLLUX_BLESS=1 cargo test -p pollux --lib names` writes it anew.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test that is told to write")]
    fn the_checked_in_page_is_up_to_date() {
        let path = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md"));
        if std::env::var("POLLUX_BLESS").is_ok() {
            std::fs::write(path, page()).unwrap();
        }
        let checked_in = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(checked_in, page(), "docs/metrics.md is stale; POLLUX_BLESS=1 writes it anew");
    }
}
