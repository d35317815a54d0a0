//! The life of the process: what runs in the background, and how it all ends.
//!
//! There are two ways to stop. *Soft* means: take no new work, finish what is open. *Hard* means: end now. The first
//! SIGTERM or SIGINT asks for the soft stop; a second one, or the end of the time for draining, for the hard stop. Between
//! the first signal and the soft stop there may be a time of *notice*, in which all goes on and whoever sends calls here
//! is told to send them elsewhere. Hard implies soft, and soft implies that notice was given, by construction.
//!
//! Invariant: every background task is spawned here, and [`Lifecycle::shutdown`] returns only when all have ended or
//! were told to end at once.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use metrics::counter;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::telemetry::names;

/// How long tasks may take to notice the hard stop.
const LAST_BREATH: Duration = Duration::from_secs(5);

/// The handle to both stops and to all background tasks. Clones are the same life.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    hard: CancellationToken,
    soft: CancellationToken,
    leaving: CancellationToken,
    tasks: TaskTracker,
    crashed: Arc<AtomicBool>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything finished by itself.
    Clean,
    /// Some work was cut off.
    Cut,
    /// A background task had panicked.
    Crashed,
}

impl Default for Lifecycle {
    fn default() -> Self {
        let hard = CancellationToken::new();
        // A child is cancelled with its parent: hard implies soft, and soft leaving.
        let soft = hard.child_token();
        let leaving = soft.child_token();
        Self { hard, soft, leaving, tasks: TaskTracker::new(), crashed: Arc::default() }
    }
}

impl Lifecycle {
    /// The start of a life.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when no new work should be taken.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when open work should be dropped.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Cancelled when a stop is coming and new work should better go elsewhere.
    pub fn leaving(&self) -> CancellationToken {
        self.leaving.clone()
    }

    /// Gives notice: the soft stop will come. Work is taken as before.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Asks for the soft stop.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Asks for the hard stop.
    pub fn kill(&self) {
        self.hard.cancel();
    }

    /// Runs a task in the background until it ends, or the hard stop drops it. A task that serves for ever must watch
    /// the soft stop. One that panics is logged, counted, and asks for the soft stop: half a gateway is none.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let life = self.clone();
        self.tasks.spawn(async move {
            let guarded = AssertUnwindSafe(task).catch_unwind();
            if let Some(Err(_panic)) = life.hard.run_until_cancelled(guarded).await {
                life.crashed.store(true, Ordering::SeqCst);
                counter!(names::TASKS_CRASHED, "task" => name).increment(1);
                tracing::error!(task = name, "a background task panicked; stopping");
                life.stop();
            }
        });
    }

    /// How many background tasks are running.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Waits until somebody asks for the soft stop, gives open work `drain` to finish, then ends the rest.
    pub async fn shutdown(&self, drain: Duration) -> Ending {
        self.soft.cancelled().await;
        self.tasks.close();
        let finished = tokio::select! {
            biased;
            // First, because the hard stop also makes the tasks end.
            () = self.hard.cancelled() => false,
            () = self.tasks.wait() => true,
            () = tokio::time::sleep(drain) => false,
        };
        if !finished {
            tracing::warn!(tasks = self.tasks.len(), "time is up; open work is cut off");
            self.kill();
            let _some_may_hang = timeout(LAST_BREATH, self.tasks.wait()).await;
        }
        match (self.crashed.load(Ordering::SeqCst), finished) {
            (true, _) => Ending::Crashed,
            (false, true) => Ending::Clean,
            (false, false) => Ending::Cut,
        }
    }

    /// Listens for the system's signals: the first gives notice and, when that is over, asks for the soft stop; the
    /// second asks for the hard stop.
    pub fn obey_signals(&self, notice: Duration) -> std::io::Result<()> {
        let mut signals = Signals::new()?;
        let life = self.clone();
        let listening = async move {
            signals.next().await;
            tracing::info!(?notice, "stopping; once more to stop at once");
            life.leave();
            let again = timeout(notice, signals.next()).await.is_ok();
            life.stop();
            if !again {
                signals.next().await;
            }
            life.kill();
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "not tracked: a stop must not wait for a second signal"
        )]
        drop(tokio::spawn(listening));
        Ok(())
    }
}

/// SIGTERM and SIGINT; Ctrl-C where there are no such signals.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the other systems' version can fail")]
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::sync::oneshot;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn hard_implies_soft_and_not_the_other_way_round() {
        let life = Lifecycle::new();
        life.stop();
        assert!(life.soft().is_cancelled() && !life.hard().is_cancelled());
        assert!(life.leaving().is_cancelled());
        let life = Lifecycle::new();
        life.leave();
        assert!(life.leaving().is_cancelled() && !life.soft().is_cancelled());
        life.clone().kill();
        assert!(life.soft().is_cancelled() && life.hard().is_cancelled());
    }

    #[tokio::test]
    async fn open_work_finishes_within_the_drain() {
        let life = Lifecycle::new();
        let (finish, finished) = oneshot::channel::<()>();
        let soft = life.soft();
        life.spawn("work", async move {
            soft.cancelled().await;
            finished.await.unwrap();
        });
        life.stop();
        let ending = tokio::join!(life.shutdown(LONG), async { finish.send(()).unwrap() }).0;
        assert_eq!((ending, life.running()), (Ending::Clean, 0));
    }

    #[tokio::test]
    async fn what_does_not_finish_is_cut_off() {
        let life = Lifecycle::new();
        let (held, dropped) = oneshot::channel::<()>();
        life.spawn("stubborn", async move {
            let _held = held;
            pending::<()>().await;
        });
        life.stop();
        assert_eq!(life.shutdown(Duration::ZERO).await, Ending::Cut);
        assert!(dropped.await.is_err(), "the task was dropped");
        assert_eq!(life.running(), 0);
    }

    #[tokio::test]
    async fn a_second_request_ends_the_drain() {
        let life = Lifecycle::new();
        life.spawn("stubborn", pending());
        life.stop();
        let ending = tokio::join!(life.shutdown(LONG), async { life.kill() }).0;
        assert_eq!(ending, Ending::Cut);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_first_signal_is_soft_and_the_second_hard() {
        let life = Lifecycle::new();
        life.obey_signals(Duration::ZERO).unwrap();
        let signal = |name: &str| {
            let id = std::process::id().to_string();
            assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
        };
        signal("-TERM");
        life.soft().cancelled().await;
        assert!(!life.hard().is_cancelled());
        signal("-INT");
        life.hard().cancelled().await;

        // With notice the first says so and stops nothing; the second does not wait for the end of it.
        let life = Lifecycle::new();
        life.obey_signals(LONG).unwrap();
        signal("-TERM");
        life.leaving().cancelled().await;
        assert!(!life.soft().is_cancelled());
        signal("-TERM");
        life.hard().cancelled().await;
    }

    #[tokio::test]
    async fn a_panic_stops_the_rest_and_is_told() {
        let life = Lifecycle::new();
        let soft = life.soft();
        life.spawn("server", async move { soft.cancelled().await });
        life.spawn("broken", async { panic!("on purpose") });
        assert_eq!(life.shutdown(LONG).await, Ending::Crashed);
    }
}
