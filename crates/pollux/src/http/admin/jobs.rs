//! What the gateway does by itself.

pub(super) mod list;
pub(super) mod run;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, Moment};
use crate::jobs::{Cause, Job, Run, State};

/// A job, as operators see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct Shown {
    name: &'static str,
    about: &'static str,
    /// How often it runs by itself; null for never.
    every_seconds: Option<u64>,
    running_since: Option<String>,
    /// When it runs next by itself.
    next: Option<String>,
    last: Option<Past>,
    /// Since the gateway was started.
    runs: u64,
    failures: u64,
}

/// A run that is over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobRun)]
struct Past {
    began: String,
    took_ms: i64,
    succeeded: bool,
    said: String,
    cause: Cause,
}

impl Shown {
    pub(super) fn of(job: &Job) -> Self {
        let State { running_since, last, next, runs, failures } = job.state();
        Self {
            name: job.plan().name,
            about: job.plan().about,
            every_seconds: job.plan().every.map(|every| every.as_secs()),
            running_since: running_since.map(clock::iso),
            next: next.map(clock::iso),
            last: last.map(Past::from),
            runs,
            failures,
        }
    }
}

impl From<Run> for Past {
    fn from(run: Run) -> Self {
        let Run { began, took_ms, succeeded, said, cause } = run;
        Self { began: clock::iso(Moment(began)), took_ms, succeeded, said, cause }
    }
}
