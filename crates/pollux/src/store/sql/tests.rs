//! The contract on SQLite, and what only a file can show.

use std::path::Path;

use super::super::contract::{self, for_each_check, new_key};
use super::super::record::Owner;
use super::*;
use crate::secret::{MasterKey, Secret, hint};
use crate::store::{Counters, Keys, Settings};

const NOW: Moment = Moment(1_800_000_000_000);

async fn open(path: &Path) -> SqlStore {
    SqlStore::open_sqlite(path, SqliteSettings::default(), NOW).await.unwrap()
}

macro_rules! on_sqlite {
    ($($check:ident)*) => {
        $(
            #[tokio::test]
            async fn $check() {
                let dir = tempfile::tempdir().unwrap();
                let store = open(&dir.path().join("pollux.db")).await;
                contract::$check(&store).await;
                store.close().await;
            }
        )*
    };
}
for_each_check!(on_sqlite);

#[tokio::test]
async fn a_reopened_store_has_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("folder made for it/100% #odd?.db");
    let store = open(&path).await;
    store.insert_keys(&[new_key(1, Owner::Own)], NOW).await.unwrap();
    let before = store.load_keys().await.unwrap();
    store.close().await;
    let store = open(&path).await;
    assert_eq!(store.load_keys().await.unwrap(), before);
    assert!(matches!(store.add_to_days(&[]).await, Ok(())));
    store.close().await;
    assert!(store.ping().await.unwrap_err().is_passing());
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("data/pollux.db")).await;
    store.put_meta("name", "value").await.unwrap();
    let files: Vec<_> = std::fs::read_dir(dir.path().join("data")).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 2, "the write-ahead log is missing");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
    store.close().await;
}

#[tokio::test]
async fn a_newer_schema_is_used_unless_it_breaks_older_programs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pollux.db");
    let store = open(&path).await;
    sqlx::query("INSERT INTO schema_version VALUES (99, 0)").execute(&store.writer).await.unwrap();
    store.close().await;
    let store = open(&path).await;
    sqlx::query("UPDATE meta SET value = '99' WHERE name = 'schema_needs'")
        .execute(&store.writer)
        .await
        .unwrap();
    store.close().await;
    let error = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("schema version 99"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pollux.db");
    std::fs::write(&path, "something else, long enough to be taken for a header".repeat(9)).unwrap();
    for path in [path.as_path(), dir.path()] {
        let error = SqlStore::open_sqlite(path, SqliteSettings::default(), NOW).await.unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn two_programs_that_start_together_agree() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pollux.db");
    let (left, right) = tokio::join!(open(&path), open(&path));
    let (wrote, also) = tokio::join!(left.put_meta("left", "1"), right.put_meta("right", "2"));
    wrote.and(also).unwrap();
    assert_eq!(left.meta("right").await.unwrap().as_deref(), Some("2"));
    let done: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM schema_version").fetch_one(&left.readers).await.unwrap();
    assert_eq!(usize::try_from(done).unwrap(), migrate::steps());
    left.close().await;
    right.close().await;
}

#[tokio::test]
async fn readers_cannot_write_and_commits_are_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    for (synchronous, level) in [(Synchronous::Normal, 1), (Synchronous::Full, 2)] {
        let settings = SqliteSettings { synchronous, readers: 1 };
        let store = SqlStore::open_sqlite(&dir.path().join("pollux.db"), settings, NOW).await.unwrap();
        assert!(sqlx::query("DELETE FROM meta").execute(&store.readers).await.is_err());
        let found: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&store.readers).await.unwrap();
        let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&store.writer).await.unwrap();
        assert_eq!((found, mode.as_str(), keys), (level, "wal", 1));
        store.close().await;
    }
}

/// What is on the disk must not give a key away, not even after it was deleted.
#[tokio::test]
async fn no_key_is_stored_in_clear() {
    let canary = "AIzaSyCanaryCanaryCanaryCanaryCanary9xY";
    let master = MasterKey::new([9; 32]);
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("pollux.db")).await;
    let mut key = new_key(1, Owner::Own);
    key.sealed = master.seal(&Secret::new(canary), key.id.as_str());
    key.lookup = master.lookup_hash("key", canary);
    key.hint = hint(canary);
    let shown = format!("{key:?}");
    store.insert_keys(&[key], NOW).await.unwrap();
    let row = store.load_keys().await.unwrap().remove(0);
    assert_eq!(master.open(&row.sealed, row.id.as_str()).unwrap().expose(), canary);
    let failed = store.insert_keys(&[new_key(1, Owner::Own)], NOW).await.unwrap_err();
    let shown = format!("{shown} {row:?} {store:?} {failed:?} {failed}");
    store.delete_key(&row.id, NOW).await.unwrap();
    store.close().await;
    let stored = std::fs::read(dir.path().join("pollux.db")).unwrap();
    assert!(!shown.contains("Canary"));
    assert!(!stored.windows(6).any(|part| part == b"Canary"));
    assert!(stored.windows(4).any(|part| part == b"AIza"), "the search itself works");
}

/// An abandoned call must not leave its transaction open on the one writing connection.
#[tokio::test]
async fn a_dropped_transaction_is_undone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("pollux.db")).await;
    let mut transaction = store.begin().await.unwrap();
    sqlx::query("INSERT INTO meta VALUES ('half', 'done')").execute(&mut *transaction).await.unwrap();
    drop(transaction);
    store.put_meta("next", "fine").await.unwrap();
    assert_eq!(store.meta("half").await.unwrap(), None);
    store.close().await;
}

#[test]
fn parameters_count_through() {
    assert_eq!(Kind::Postgres.parameters(2, 3), "($1, $2, $3), ($4, $5, $6)");
    assert_eq!(Kind::Sqlite.parameters(2, 3), "(?, ?, ?), (?, ?, ?)");
    assert_eq!(Kind::Sqlite.parameters(1, 1), "(?)");
}

#[test]
fn portions_are_all_rows_in_their_order_and_of_few_sizes() {
    let rows: Vec<usize> = (0..150).collect();
    let sizes: Vec<usize> = portions(&rows).map(<[usize]>::len).collect();
    assert_eq!(sizes, [64, 64, 16, 4, 1, 1]);
    assert_eq!(portions(&rows).flatten().copied().collect::<Vec<_>>(), rows);
    assert_eq!(portions::<usize>(&[]).count(), 0);
}
