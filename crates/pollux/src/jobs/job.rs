//! One job: waits for its time or for an operator, runs, says what became of it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::counter;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::run::{Cause, Run, State, first, next};
use super::{Plan, Work};
use crate::clock::{Clock, Moment};
use crate::shared::Shared;
use crate::store::{Store, StoreError};
use crate::telemetry::names;

/// The clock may be set while a job sleeps, so it looks at it now and then.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Jobs that run more often begin anew with each start of the gateway.
const WORTH_KEEPING: Duration = Duration::from_mins(30);

/// A job, and where it stands.
#[derive(Debug)]
pub struct Job {
    plan: Plan,
    work: Box<dyn Work>,
    store: Arc<dyn Store>,
    shared: Arc<dyn Shared>,
    clock: Arc<dyn Clock>,
    state: watch::Sender<State>,
    wanted: Notify,
    /// Whether anybody would run it.
    tended: AtomicBool,
}

/// Somebody runs a job, until this is dropped.
struct Tended<'a>(&'a AtomicBool);

impl Drop for Tended<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Job {
    pub(super) async fn open(
        plan: Plan,
        work: Box<dyn Work>,
        (store, shared): (Arc<dyn Store>, Arc<dyn Shared>),
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        // What cannot be read is as good as no run.
        let kept = store.meta(&fact(&plan)).await?;
        let last: Option<Run> = kept.and_then(|kept| serde_json::from_str(&kept).ok());
        let state = State { next: first(&plan, last.as_ref(), clock.now()), last, ..State::default() };
        Ok(Self {
            plan,
            work,
            store,
            shared,
            clock,
            state: watch::Sender::new(state),
            wanted: Notify::new(),
            tended: AtomicBool::default(),
        })
    }

    /// When it runs, and what for.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Starts a run, unless one is under way, and waits for its end, at most for so long. None if nobody runs jobs: the
    /// gateway is starting or stopping.
    pub async fn run_now(&self, patience: Duration) -> Option<State> {
        if !self.tended.load(Ordering::Relaxed) {
            return None;
        }
        let mut seen = self.state.subscribe();
        let before = seen.borrow().clone();
        if before.running_since.is_none() {
            self.wanted.notify_one();
        }
        let _or_later = timeout(patience, seen.wait_for(|state| state.runs > before.runs)).await;
        Some(self.state())
    }

    /// Runs whenever it is time, until `shutdown` resolves; a run that is under way then is given up.
    pub async fn tend(&self, shutdown: impl Future<Output = ()>) {
        self.tended.store(true, Ordering::Relaxed);
        let _tended = Tended(&self.tended);
        let mut shutdown = pin!(shutdown);
        loop {
            let cause = tokio::select! {
                biased;
                () = &mut shutdown => return,
                () = self.wanted.notified() => Cause::Operator,
                () = sleep(self.wait()) => Cause::Plan,
            };
            if cause == Cause::Plan && (!self.is_due() || !self.is_ours().await) {
                continue;
            }
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                () = self.run(cause) => {}
            }
        }
    }

    fn is_due(&self) -> bool {
        let next = self.state.borrow().next;
        next.is_some_and(|next| next <= self.clock.now())
    }

    /// Whether this replica does it. Another one's turn passes; the lead outlasts a turn, so that the same replica has it
    /// again, and somebody else if that one is gone.
    async fn is_ours(&self) -> bool {
        let Plan { name, every, jitter, once, about: _ } = self.plan;
        let keep = 2 * every.unwrap_or_default() + jitter + LOOK_EVERY;
        if !once || self.shared.lead(name, keep).await {
            return true;
        }
        let now = self.clock.now();
        self.state.send_modify(|state| state.next = next(&self.plan, now, now));
        false
    }

    fn wait(&self) -> Duration {
        let next = self.state.borrow().next;
        let wait = next.map_or(LOOK_EVERY, |next| {
            Duration::from_millis(u64::try_from(next.0 - self.clock.now().0).unwrap_or_default())
        });
        wait.min(LOOK_EVERY)
    }

    async fn run(&self, cause: Cause) {
        let name = self.plan.name;
        let began = self.clock.now();
        self.state.send_modify(|state| state.running_since = Some(began));
        let result = self.work.run(began).await;
        let ended = self.clock.now();
        let succeeded = result.is_ok();
        let outcome = if succeeded { "done" } else { "failed" };
        counter!(names::JOB_RUNS, "job" => name, "outcome" => outcome).increment(1);
        let said = match result {
            Ok(said) => {
                tracing::debug!(job = name, %said, "a job ran");
                said
            }
            Err(error) => {
                tracing::warn!(job = name, %error, "a job failed; it runs again as planned");
                error.to_string()
            }
        };
        let run = Run { began: began.0, took_ms: (ended.0 - began.0).max(0), succeeded, said, cause };
        self.remember(&run).await;
        self.state.send_modify(|state| {
            state.running_since = None;
            state.last = Some(run);
            state.next = next(&self.plan, began, ended);
            state.runs += 1;
            state.failures += u64::from(!succeeded);
        });
    }

    async fn remember(&self, run: &Run) {
        if self.plan.every.is_some_and(|every| every < WORTH_KEEPING) {
            return;
        }
        let text = serde_json::to_string(run).unwrap_or_default().replace("\\u0000", "");
        if let Err(error) = self.store.put_meta(&fact(&self.plan), &text).await {
            tracing::warn!(job = self.plan.name, %error, "what a job did could not be noted");
        }
    }

    /// The moment of the next run, for tests and status pages.
    pub fn next(&self) -> Option<Moment> {
        self.state.borrow().next
    }
}

fn fact(plan: &Plan) -> String {
    format!("job:{}", plan.name)
}

#[cfg(test)]
mod tests;
