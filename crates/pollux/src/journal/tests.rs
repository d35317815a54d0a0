//! What the journal promises, on a real disk and a real store.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::Moment;
use crate::store::usage::CallFilter;
use crate::store::{SqlStore, SqliteSettings, Store};
use crate::telemetry::call::{ANSWERED, Begun, LIMITED};

fn ended(id: &str) -> Ended {
    let begun = Begun {
        request: id.to_owned(),
        user: String::from("usr_a"),
        surface: "openai.chat",
        route: "/v1/chat/completions",
        asked: String::from("flash"),
        model: String::from("gemini-3.8-flash"),
        label: String::from("gemini-3.8-flash"),
        streamed: false,
        price: None,
        parent: None,
        address: String::from("192.0.2.7"),
        agent: String::from("test"),
        witness: None,
        at: Instant::now(),
    };
    Ended {
        begun,
        began: Moment(1_795_377_600_000),
        took: Duration::from_millis(1_500),
        prepared: Duration::from_millis(1),
        waited: Duration::ZERO,
        google: Duration::from_millis(900),
        first_event: Some(Duration::from_millis(901)),
        attempts: Vec::new(),
        decision: String::new(),
        outcome: ANSWERED,
        status: 200,
        tokens: None,
        estimated: false,
        cost: None,
        model_version: None,
    }
}

fn settings(folder: &std::path::Path) -> Settings {
    Settings { folder: folder.join("journal"), sync: Fsync::Never, at_most: 1 << 30 }
}

async fn store(folder: &std::path::Path) -> Arc<dyn Store> {
    let path = folder.join("pollux.db");
    Arc::new(SqlStore::open_sqlite(&path, SqliteSettings::default(), Moment(0)).await.unwrap())
}

async fn ids(store: &dyn Store) -> Vec<String> {
    let calls = store.list_calls(&CallFilter::default(), None, 1_000).await.unwrap();
    let mut ids: Vec<String> = calls.into_iter().map(|call| call.id).collect();
    ids.sort();
    ids
}

/// Writes calls and ends as a crash does: nobody hands anything to the store.
async fn write(settings: &Settings, ids: &[&str]) {
    let (journal, writer, _) = open(settings).unwrap();
    let tickets: Vec<_> = ids.iter().map(|id| journal.note(ended(id))).collect();
    drop(journal);
    writer.run(CancellationToken::new()).await;
    for ticket in tickets {
        ticket.await.expect("it is on the disk");
    }
}

#[tokio::test]
async fn what_a_crash_leaves_is_taken_over_once() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, store) = (settings(folder.path()), store(folder.path()).await);
    write(&settings, &["req_1", "req_2"]).await;
    write(&settings, &["req_3"]).await;
    let (_, _, mut shipper) = open(&settings).unwrap();
    assert_eq!(shipper.catch_up(&*store).await.unwrap(), 3);
    let (_, _, mut again) = open(&settings).unwrap();
    assert_eq!(again.catch_up(&*store).await.unwrap(), 0);
    assert_eq!(ids(&*store).await, ["req_1", "req_2", "req_3"]);
    store.close().await;
}

#[tokio::test]
async fn a_torn_tail_is_cut_off_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, store) = (settings(folder.path()), store(folder.path()).await);
    write(&settings, &["req_1", "req_2"]).await;
    let (_, path) = segment::list(&settings.folder).unwrap().remove(0);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    write(&settings, &["req_3"]).await;
    let (_, _, mut shipper) = open(&settings).unwrap();
    assert_eq!(shipper.catch_up(&*store).await.unwrap(), 2);
    assert_eq!(ids(&*store).await, ["req_1", "req_3"]);
    store.close().await;
}

#[tokio::test]
async fn damage_costs_what_follows_it_in_its_segment_and_is_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, store) = (settings(folder.path()), store(folder.path()).await);
    write(&settings, &["req_1"]).await;
    let (_, path) = segment::list(&settings.folder).unwrap().remove(0);
    let good = std::fs::read(&path).unwrap().len();
    write(&settings, &["req_2"]).await;
    let (_, path) = segment::list(&settings.folder).unwrap().remove(1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[good / 2] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    write(&settings, &["req_3"]).await;
    let (_, _, mut shipper) = open(&settings).unwrap();
    assert_eq!(shipper.catch_up(&*store).await.unwrap(), 2);
    assert_eq!(ids(&*store).await, ["req_1", "req_3"]);
    assert!(path.with_extension("damaged").exists());
    store.close().await;
}

#[tokio::test]
async fn a_running_journal_ships_and_gives_up_whole_segments() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, store) = (settings(folder.path()), store(folder.path()).await);
    let (journal, writer, shipper) = open(&settings).unwrap();
    let served = CancellationToken::new();
    let running = tokio::task::LocalSet::new();
    running
        .run_until(async {
            let mut tasks = tokio::task::JoinSet::new();
            tasks.spawn_local(writer.run(served.clone()));
            tasks.spawn_local(shipper.run(Arc::clone(&store), served.clone()));
            for n in 0..1_200 {
                drop(journal.note(ended(&format!("req_{n:05}"))));
            }
            journal.note(Ended { outcome: LIMITED, status: 429, ..ended("req_99999") }).await.unwrap();
            served.cancel();
            while tasks.join_next().await.is_some() {}
        })
        .await;
    assert_eq!(journal.health().unwrap().pending, 0);
    let limited = store.call("req_99999").await.unwrap();
    assert_eq!((limited.status, limited.outcome.as_str()), (429, "limited"));
    assert_eq!(ids(&*store).await.len(), 1_000, "a page of 1,201");
    store.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_takes_nothing_stops_calls_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let (journal, mut writer, _) = open(&settings).unwrap();
    let path = segment::list(&settings.folder).unwrap().remove(0).1;
    // Every write to a file that was opened for reading fails.
    writer.replace_file(std::fs::File::open(&path).unwrap());
    let served = CancellationToken::new();
    let ticket = journal.note(ended("req_1"));
    let mut running = Box::pin(writer.run(served.clone()));
    assert!(timeout(Duration::from_secs(5), &mut running).await.is_err());
    assert_eq!(journal.admits(), Err(Full::Disk));
    assert_eq!(journal.health().unwrap().pending, 1);
    drop(ticket);
    served.cancel();
    running.await;
}

#[tokio::test]
async fn a_journal_that_has_grown_too_large_admits_nothing_until_the_store_has_taken_it() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, store) =
        (Settings { at_most: 100, ..settings(folder.path()) }, store(folder.path()).await);
    write(&settings, &["req_1"]).await;
    let (journal, _, mut shipper) = open(&settings).unwrap();
    assert_eq!(journal.admits(), Err(Full::Store));
    shipper.catch_up(&*store).await.unwrap();
    assert_eq!(journal.admits(), Ok(()));
    store.close().await;
}

#[test]
fn what_the_store_refused_is_read_from_the_disk_and_what_is_fresh_is_not() {
    let state = State::default();
    let record = |id: u64| Record { id: id.to_string(), ..Record::default() };
    let numbers = |found: Vec<Sequenced>| found.iter().map(|found| found.sequence).collect::<Vec<_>>();
    (1..=3).for_each(|number| state.remember(number, record(number)));
    assert_eq!(numbers(state.recall(0, 2)), [1, 2]);
    assert!(state.recall(0, 2).is_empty(), "the store did not take them: the disk has them");
    assert_eq!(numbers(state.recall(2, 2)), [3]);
    let many = u64::try_from(FRESH).unwrap() + 1;
    (1..=many).for_each(|number| state.remember(number, record(number)));
    assert!(state.recall(0, 2).is_empty(), "the oldest has gone");
    assert_eq!(numbers(state.recall(1, 2)), [2, 3]);
}
