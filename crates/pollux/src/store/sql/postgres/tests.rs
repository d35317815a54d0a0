//! The contract on PostgreSQL, and what only a server can show.

use super::*;
use crate::store::contract::{self, for_each_check};
use crate::store::{Keys, Projects, Settings, StoreError, Users};

#[path = "../../../../tests/it/servers.rs"]
mod servers;

const NOW: Moment = Moment(1_800_000_000_000);

async fn address() -> Option<PostgresUrl> {
    servers::postgres().await.map(|url| url.parse().unwrap())
}

async fn open(address: &PostgresUrl) -> SqlStore {
    SqlStore::open_postgres(address, PostgresSettings::default(), NOW).await.unwrap()
}

macro_rules! on_postgres {
    ($($check:ident)*) => {
        $(
            #[tokio::test]
            async fn $check() {
                let Some(address) = address().await else { return };
                let store = open(&address).await;
                contract::$check(&store).await;
                store.close().await;
            }
        )*
    };
}
for_each_check!(on_postgres);

async fn run(store: &SqlStore, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&store.writer).await.unwrap();
}

#[tokio::test]
async fn replicas_that_start_together_agree() {
    let Some(address) = address().await else { return };
    let starts = (0..6).map(|_| open(&address));
    let replicas = futures_util::future::join_all(starts).await;
    for (replica, name) in replicas.iter().zip(["a", "b", "c", "d", "e", "f"]) {
        replica.put_meta(name, "1").await.unwrap();
    }
    for replica in replicas {
        assert_eq!(replica.meta("f").await.unwrap().as_deref(), Some("1"));
        replica.close().await;
    }
}

#[tokio::test]
async fn a_replica_goes_on_while_a_newer_one_adds_to_the_schema() {
    let Some(address) = address().await else { return };
    let old = open(&address).await;
    // Each statement twice, with the same plan on the same connection.
    let read = async || {
        for _ in 0..2 {
            old.load_projects().await.unwrap();
            old.load_users().await.unwrap();
            old.load_keys().await.unwrap();
            old.settings_version(None).await.unwrap();
        }
    };
    read().await;
    run(&old, "ALTER TABLE projects ADD COLUMN novelty BIGINT; ALTER TABLE users ADD COLUMN novelty BIGINT")
        .await;
    run(
        &old,
        "ALTER TABLE keys ADD COLUMN novelty BIGINT; ALTER TABLE settings_versions ADD COLUMN novelty BIGINT",
    )
    .await;
    run(&old, "INSERT INTO schema_version VALUES (99, 0)").await;
    read().await;
    open(&address).await.close().await;

    run(&old, "UPDATE meta SET value = '99' WHERE name = 'schema_needs'").await;
    let refused = SqlStore::open_postgres(&address, PostgresSettings::default(), NOW).await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerSchema { found: 99, .. }), "{refused:?}");
    old.close().await;
}
