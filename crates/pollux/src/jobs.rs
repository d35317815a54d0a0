//! What the gateway does by itself, now and then: clean up, back up, stay awake, raise alerts.
//!
//! A job has a name, an interval and work to do; each runs in a task of its own, one run at a time, on time or when an
//! operator asks for it. What became of the last run is there for everybody to see, and for jobs that run rarely it is
//! kept in the store, so that a gateway which is restarted often still gets round to them.
//!
//! Invariant: no job makes a call wait, and none of them spends quota on a generation.

mod alerts;
mod backups;
mod cleanup;
mod job;
mod keep_alive;
mod run;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::{Clock, Moment};
use crate::shared::Shared;
use crate::store::{Store, StoreError};

pub(crate) use alerts::Watch;
pub use alerts::{Alert, Alerts, Channel, Post, Rooms as AlertRooms, Told};
pub(crate) use backups::BackUp;
pub use backups::{Backup, Backups};
pub(crate) use cleanup::back;
pub use cleanup::{Before, Cleaned, Cleanup, sweep};
pub use job::Job;
pub(crate) use keep_alive::KeepAlive;
pub use run::{Cause, Run, State};

/// What a job does.
#[async_trait]
pub trait Work: Debug + Send + Sync {
    /// Does it, and says in a few words what was done. Dropped, it is taken up again the next time.
    async fn run(&self, now: Moment) -> Result<String, Failed>;
}

/// Why a run came to nothing, for the log and for operators; holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// When a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it is called.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// How often it runs by itself; never, if there is none.
    pub every: Option<Duration>,
    /// How much later than planned it may run, so that many gateways do not do the same at the same moment.
    pub jitter: Duration,
    /// Whether one replica does it for all; else each does it for itself.
    pub once: bool,
}

/// Every job there is.
#[derive(Debug)]
pub struct Jobs {
    jobs: Vec<Arc<Job>>,
    backups: Option<Arc<Backups>>,
}

impl Jobs {
    /// These jobs; each goes on where it was before the gateway was started again.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open(
        work: Vec<(Plan, Box<dyn Work>)>,
        backups: Option<Arc<Backups>>,
        (store, shared): (&Arc<dyn Store>, &Arc<dyn Shared>),
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let mut jobs = Vec::with_capacity(work.len());
        for (plan, work) in work {
            jobs.push(Arc::new(
                Job::open(plan, work, (Arc::clone(store), Arc::clone(shared)), Arc::clone(clock)).await?,
            ));
        }
        Ok(Self { jobs, backups })
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<Job>] {
        &self.jobs
    }

    /// The job of this name.
    pub fn named(&self, name: &str) -> Option<&Arc<Job>> {
        self.jobs.iter().find(|job| job.plan().name == name)
    }

    /// The folder of backups; none where the database cannot be backed up by the gateway.
    pub fn backups(&self) -> Option<&Arc<Backups>> {
        self.backups.as_ref()
    }
}
