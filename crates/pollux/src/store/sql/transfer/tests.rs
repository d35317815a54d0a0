//! A transfer is whole, goes on where it was broken off, and does not write over what it should not.

use std::collections::BTreeSet;

use super::*;
use crate::clock::Moment;
use crate::store::{SqliteSettings, contract};

const NOW: Moment = Moment(1_800_000_000_000);

struct Bed {
    _folder: tempfile::TempDir,
    store: SqlStore,
}

async fn bed() -> Bed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pollux.db");
    let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap();
    Bed { _folder: folder, store }
}

async fn with_facts(count: usize) -> Bed {
    let bed = bed().await;
    for number in 0..count {
        bed.store.put_meta(&format!("fact {number:05}"), "1").await.unwrap();
    }
    bed
}

#[tokio::test]
async fn every_table_is_copied() {
    let bed = bed().await;
    let rows = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&bed.store.readers)
        .await;
    let there: BTreeSet<String> = rows.unwrap().iter().map(|row| row.get::<String, _>(0)).collect();
    let known: BTreeSet<String> = TABLES.iter().map(|(table, _)| (*table).to_owned()).collect();
    let own = ["schema_version", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"].map(str::to_owned).into();
    assert_eq!(&(&there - &known) - &own, BTreeSet::new(), "a table that a transfer leaves behind");
    assert_eq!(&known - &there, BTreeSet::new());
}

#[tokio::test]
async fn rows_arrive_and_are_counted() {
    let (from, to) = (with_facts(450).await, bed().await);
    let sums = from.store.copy_to(&to.store, &|_| ()).await.unwrap();
    assert_eq!(sums.last().map(|sum| (sum.table, sum.rows)), Some(("meta", 450)));
    assert_eq!(to.store.table_sums().await.unwrap(), sums);
    assert_eq!(to.store.meta("transfer:meta").await.unwrap(), None, "the next transfer begins anew");

    // What has changed meanwhile is taken over by another run, but not once a gateway uses the target.
    from.store.insert_user(&contract::new_user(1), NOW).await.unwrap();
    sqlx::query("DELETE FROM meta WHERE name = 'fact 00003'").execute(&from.store.writer).await.unwrap();
    let sums = from.store.copy_to(&to.store, &|_| ()).await.unwrap();
    assert_eq!(to.store.table_sums().await.unwrap(), sums);
    assert_eq!(sums.last().map(|sum| sum.rows), Some(449));
    to.store.begin_use().await.unwrap();
    assert!(from.store.copy_to(&to.store, &|_| ()).await.is_err());
}

#[tokio::test]
async fn a_transfer_goes_on_where_it_was_broken_off() {
    let (from, to) = (with_facts(450).await, bed().await);
    to.store.claim().await.unwrap();
    let first = from.store.portion("meta", &["name"], None).await.unwrap();
    let place = key_of(first.last().unwrap(), &["name"]);
    to.store.write("meta", &["name"], &first[..0], &place).await.unwrap();
    // What is said to be there is not copied again; that it is missing is found out at the end.
    from.store.copy_table(&to.store, "meta", &["name"]).await.unwrap();
    assert_eq!(to.store.table_sum("meta", &["name"]).await.unwrap().rows, 250);
    let sums = from.store.copy_to(&to.store, &|_| ()).await.unwrap();
    assert_eq!(to.store.table_sums().await.unwrap(), sums);
}

#[tokio::test]
async fn a_database_in_use_is_no_target() {
    let (from, to) = (bed().await, bed().await);
    to.store.insert_user(&contract::new_user(1), NOW).await.unwrap();
    let refused = from.store.copy_to(&to.store, &|_| ()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused:?}");
}
