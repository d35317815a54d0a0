//! A job runs on time and on demand, one run at a time, and a failure is not the end.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::*;
use crate::clock::ManualClock;
use crate::jobs::Failed;
use crate::shared::Memory;
use crate::store::{SqlStore, SqliteSettings};

const NOW: Moment = Moment(1_795_305_600_000);
const LONG: Duration = Duration::from_hours(1);
const PLAN: Plan =
    Plan { name: "count", about: "Counts.", every: Some(LONG), jitter: Duration::ZERO, once: true };

/// Fails every other time.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

#[async_trait]
impl Work for Counting {
    async fn run(&self, _: Moment) -> Result<String, Failed> {
        let count = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        if count.is_multiple_of(2) {
            Err(Failed(format!("{count} is even")))
        } else {
            Ok(format!("run {count}"))
        }
    }
}

async fn store() -> (tempfile::TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pollux.db");
    let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap();
    (folder, Arc::new(store))
}

async fn job(store: &Arc<dyn Store>, clock: &Arc<ManualClock>) -> Job {
    let work = Box::<Counting>::default();
    let shared = Arc::new(Memory::new(crate::shared::Settings::default()));
    Job::open(PLAN, work, (Arc::clone(store), shared), Arc::clone(clock) as _).await.unwrap()
}

#[tokio::test]
async fn an_operator_starts_a_run_and_sees_its_end() {
    let (_folder, store) = store().await;
    let clock = Arc::new(ManualClock::new(NOW));
    let job = job(&store, &clock).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let asked = async {
        let first = job.run_now(LONG).await.unwrap();
        let run = first.last.unwrap();
        assert_eq!((run.succeeded, run.said.as_str(), run.cause), (true, "run 1", Cause::Operator));
        assert_eq!(first.next, Some(Moment(NOW.0 + 3_600_000)));
        let second = job.run_now(LONG).await.unwrap();
        assert_eq!((second.runs, second.failures), (2, 1));
        assert_eq!(second.last.unwrap().said, "2 is even");
        assert!(second.next.is_some(), "a failure is not the end");
        stop.send(()).unwrap();
    };
    tokio::join!(job.tend(async { stopped.await.unwrap() }), asked);
    assert_eq!(job.run_now(LONG).await, None, "nobody runs it any more");
    // What it did is known after a restart, too.
    clock.advance(Duration::from_mins(20));
    let again = self::job(&store, &clock).await;
    assert_eq!(again.state().last.unwrap().said, "2 is even");
    assert_eq!(again.next(), Some(Moment(NOW.0 + 3_600_000)));
}

#[tokio::test]
async fn it_runs_when_its_time_has_come() {
    let (_folder, store) = store().await;
    let clock = Arc::new(ManualClock::new(NOW));
    let job = job(&store, &clock).await;
    assert!(!job.is_due());
    clock.set(job.next().unwrap());
    assert!(job.is_due());
    let mut seen = job.state.subscribe();
    let ran = async {
        seen.wait_for(|state| state.runs > 0).await.unwrap();
    };
    job.tend(ran).await;
    let state = job.state();
    assert_eq!(state.last.unwrap().cause, Cause::Plan);
    assert!(state.next.unwrap() > clock.now());
}
