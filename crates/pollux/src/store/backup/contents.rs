//! What is in a SQLite file: copied, counted, checked.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions, Connection, Row};

use super::BackupError;
use crate::store::sql::sqlite_url;

/// What a database holds, as far as a backup is checked by it.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) schema: i64,
    pub(super) rows: BTreeMap<String, i64>,
    /// What tells whether a master key is the right one.
    pub(super) master_check: Option<String>,
}

/// Copies a database as it is at this moment, while others write to it.
pub(super) async fn copy(database: &Path, target: &Path) -> Result<(), BackupError> {
    let path = target.to_str().ok_or_else(|| BackupError::File {
        path: target.to_owned(),
        source: std::io::Error::other("the path is not UTF-8"),
    })?;
    let mut connection = connect(database, "mode=rw").await.map_err(BackupError::Copy)?;
    let copied = sqlx::query("VACUUM INTO $1").bind(path).execute(&mut connection).await;
    let _it_only_read = connection.close().await;
    copied.map(drop).map_err(BackupError::Copy)
}

/// Reads what a backup holds.
pub(super) async fn read(backup: &Path) -> Result<Contents, BackupError> {
    let mut connection = look_into(backup).await?;
    let read = gather(&mut connection).await.map_err(|error| unreadable(&error));
    let _it_only_read = connection.close().await;
    read
}

/// SQLite's own check of all pages.
pub(super) async fn check_pages(backup: &Path) -> Result<(), BackupError> {
    let mut connection = look_into(backup).await?;
    let rows = sqlx::query("PRAGMA integrity_check(1)").fetch_one(&mut connection).await;
    let said: String = rows.and_then(|row| row.try_get(0)).map_err(|error| unreadable(&error))?;
    let _it_only_read = connection.close().await;
    if said == "ok" { Ok(()) } else { Err(BackupError::Damaged(format!("SQLite finds it damaged: {said}"))) }
}

async fn gather(connection: &mut AnyConnection) -> Result<Contents, sqlx::Error> {
    let schema = sqlx::query("SELECT MAX(version) FROM schema_version");
    let schema = schema.fetch_one(&mut *connection).await?.try_get(0)?;
    let check = sqlx::query("SELECT value FROM meta WHERE name = $1").bind(crate::store::CHECK_NAME);
    let check = check.fetch_optional(&mut *connection).await?;
    let master_check = check.map(|row| row.try_get(0)).transpose()?;
    let tables = sqlx::query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name LIMIT 1000",
    );
    let mut rows = BTreeMap::new();
    for table in tables.fetch_all(&mut *connection).await? {
        let name: String = table.try_get(0)?;
        let count = format!("SELECT COUNT(*) FROM \"{}\"", name.replace('"', "\"\""));
        let count = sqlx::query(AssertSqlSafe(count)).fetch_one(&mut *connection).await?.try_get(0)?;
        rows.insert(name, count);
    }
    Ok(Contents { schema, rows, master_check })
}

/// Nobody writes to a backup, so no lock and no side file is needed.
async fn look_into(backup: &Path) -> Result<AnyConnection, BackupError> {
    connect(backup, "mode=ro&immutable=true").await.map_err(|error| unreadable(&error))
}

async fn connect(path: &Path, how: &str) -> Result<AnyConnection, sqlx::Error> {
    sqlx::any::install_default_drivers();
    let url = format!("{}?{how}", sqlite_url(path).map_err(sqlx::Error::Io)?);
    url.parse::<AnyConnectOptions>()?.disable_statement_logging().connect().await
}

fn unreadable(error: &sqlx::Error) -> BackupError {
    BackupError::Damaged(format!("its database cannot be read: {error}"))
}
