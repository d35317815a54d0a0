//! The book on a real store.

use super::*;
use crate::clock::ManualClock;
use crate::store::{SqlStore, SqliteSettings};

const NOW: Moment = Moment(1_800_000_000_000);

async fn open(dir: &tempfile::TempDir, clock: &Arc<ManualClock>) -> Audit {
    let path = dir.path().join("pollux.db");
    let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap();
    Audit::new(Arc::new(store), clock.clone(), Duration::from_hours(24))
}

fn deed(object: &str) -> Deed {
    Deed { operator: "Ann".to_owned(), object: object.to_owned(), ..Deed::default() }
}

async fn objects(audit: &Audit) -> Vec<String> {
    let rows = audit.list(&AuditFilter::default(), None, 100).await.unwrap();
    rows.into_iter().map(|row| row.object).collect()
}

#[tokio::test]
async fn what_was_noted_in_passing_is_written_with_the_next() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::new(NOW)));
    let audit = open(&dir, &clock).await;
    audit.record_later(deed("first"));
    clock.advance(Duration::from_millis(1));
    audit.record(deed("second")).await;
    assert_eq!(objects(&audit).await, ["second", "first"]);
    assert!(audit.waiting().is_empty());
}

#[tokio::test]
async fn a_store_that_is_away_loses_nothing() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::new(NOW)));
    let mut audit = open(&dir, &clock).await;
    audit.store.close().await;
    audit.record(deed("waits")).await;
    assert_eq!(audit.waiting().len(), 1);
    audit.store = open(&dir, &clock).await.store;
    audit.tend().await.unwrap();
    assert_eq!(objects(&audit).await, ["waits"]);
    for n in 0..=WAITING {
        audit.record_later(deed(&n.to_string()));
    }
    assert_eq!(audit.waiting().len(), WAITING, "memory is bounded");
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::new(NOW)));
    let audit = open(&dir, &clock).await;
    audit.record(deed("old")).await;
    clock.advance(Duration::from_hours(24));
    audit.record(deed("new")).await;
    audit.tend().await.unwrap();
    assert_eq!(objects(&audit).await, ["new", "old"]);
    clock.advance(Duration::from_millis(1));
    audit.tend().await.unwrap();
    assert_eq!(objects(&audit).await, ["new"]);
}
