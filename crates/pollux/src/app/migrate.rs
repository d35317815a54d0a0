//! From one database to another, done by a command.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use crate::clock::{Clock, Moment};
use crate::config::{Config, Database};
use crate::store::{PostgresSettings, Settings, SqlStore, SqliteSettings, TableSum};

/// What became of a transfer.
#[derive(Debug)]
pub struct Migrated {
    /// From where, without passwords.
    pub from: String,
    /// Where to; none if it was only counted.
    pub to: Option<String>,
    /// What there is now, table by table.
    pub tables: Vec<TableSum>,
}

/// Copies everything from the configured database to another; without one it is only counted.
///
/// # Errors
/// When either database cannot be used, or the target is in use.
pub async fn migrate(
    config: &Config,
    target: Option<Database>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Migrated> {
    let now = clock.now();
    if let Some(path) = config.database_path() {
        anyhow::ensure!(path.exists(), "there is no database at {}", path.display());
    }
    let (source, from) = open(&config.database_url, config, now).await?;
    let Some(target) = target else {
        let tables = source.table_sums().await?;
        source.close().await;
        return Ok(Migrated { from, to: None, tables });
    };
    let (target, to) = open(&target, config, now).await?;
    anyhow::ensure!(from != to, "the database cannot be copied to itself");
    let told =
        |table: &TableSum| tracing::info!(table = table.table, rows = table.rows, "copied and checked");
    let copied = source.copy_to(&target, &told).await;
    source.close().await;
    target.close().await;
    let tables =
        copied.with_context(|| format!("{from} was not copied to {to} as a whole; run it again to go on"))?;
    Ok(Migrated { from, to: Some(to), tables })
}

/// A database, and how it is shown.
async fn open(database: &Database, config: &Config, now: Moment) -> anyhow::Result<(SqlStore, String)> {
    let path = match database {
        Database::Postgres(address) => {
            let store = SqlStore::open_postgres(address, PostgresSettings::default(), now).await?;
            return Ok((store, address.to_string()));
        }
        Database::Sqlite(path) => path.clone(),
        Database::InDataDir => config.data_dir.join("pollux.db"),
    };
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), now).await?;
    Ok((store, path.display().to_string()))
}
