//! The store in SQL: one text for SQLite and PostgreSQL, run through sqlx's `Any` driver.
//!
//! SQLite has one writing connection (it allows only one writer anyway, and waiting in our queue is fairer than
//! in its lock) and a few reading ones, which never wait for the writer thanks to the write-ahead log.

mod audit;
mod counters;
mod keys;
mod migrate;
mod operators;
mod projects;
mod settings;
mod usage;
mod users;

use std::path::Path;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{Any, AnyPool, ConnectOptions, Connection, Executor, Row, Transaction};

use super::record::{KeyId, ProjectId, UserId};
use super::{PAGE, Result, StoreError};
use crate::clock::Moment;

/// How long a call waits for a connection before the store counts as unavailable.
const PATIENCE: Duration = Duration::from_secs(5);
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// How hard SQLite makes sure that a commit reached the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// A power cut may undo the last commits, a crash of the program does not. The file is never damaged.
    #[default]
    Normal,
    /// Every commit waits for the disk.
    Full,
}

/// How the SQLite file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteSettings {
    /// How hard a commit tries to be on disk.
    pub synchronous: Synchronous,
    /// Reading connections.
    pub readers: u32,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self { synchronous: Synchronous::Normal, readers: 4 }
    }
}

/// The store in a SQL database.
#[derive(Debug)]
pub struct SqlStore {
    writer: AnyPool,
    readers: AnyPool,
    /// Takes SQLite's write lock at once: a transaction that upgrades later fails instead of waiting.
    begin: &'static str,
}

impl SqlStore {
    /// Opens the SQLite file at `path`, makes it (mode 0600) if there is none, and brings its schema up to date.
    pub async fn open_sqlite(path: &Path, settings: SqliteSettings, now: Moment) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let failed = |source| StoreError::File { path: path.to_owned(), source };
        let url = prepare(path).map_err(failed)?;
        let refused = |error: sqlx::Error| match StoreError::from(error) {
            StoreError::Statement(error) => failed(std::io::Error::other(error)),
            other => other,
        };
        let options = url.parse::<AnyConnectOptions>().map_err(refused)?.disable_statement_logging();
        // The pool would try again and again and then only say that it took too long.
        let mut first = options.connect().await.map_err(refused)?;
        first.execute("PRAGMA journal_mode = WAL").await.map_err(refused)?;
        let synchronous: &[&str] = match settings.synchronous {
            Synchronous::Normal => &["PRAGMA synchronous = NORMAL"],
            Synchronous::Full => &["PRAGMA synchronous = FULL"],
        };
        let writer = pool(1, synchronous).connect_lazy_with(options.clone());
        let readers = pool(settings.readers.max(1), &["PRAGMA query_only = 1"]).connect_lazy_with(options);
        let store = Self { writer, readers, begin: "BEGIN IMMEDIATE" };
        store.migrate(now).await?;
        first.close().await?;
        Ok(store)
    }

    async fn begin(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.writer.begin_with(self.begin).await?)
    }
}

fn pool(size: u32, pragmas: &'static [&'static str]) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute("PRAGMA busy_timeout = 5000").await?;
                connection.execute("PRAGMA foreign_keys = ON").await?;
                for pragma in pragmas {
                    connection.execute(*pragma).await?;
                }
                Ok(())
            })
        })
}

/// Makes the folder and the file, closed to other users, and says how sqlx calls it. SQLite gives the side files
/// (`-wal`, `-shm`) the mode of the file.
fn prepare(path: &Path) -> std::io::Result<String> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    let path = path.canonicalize()?;
    let text = path.to_str().ok_or_else(|| std::io::Error::other("the path is not UTF-8"))?;
    Ok(format!("sqlite://{}", percent_encode(text.as_bytes(), PATH)))
}

/// PostgreSQL cannot store NUL in a text, so nobody may.
fn clean(field: &'static str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(StoreError::Invalid { field, reason: "must not contain a NUL character" });
    }
    Ok(())
}

fn page(limit: usize) -> i64 {
    i64::try_from(limit.min(PAGE)).unwrap_or(i64::MAX)
}

/// `($1, $2), ($3, $4)` for two rows of two columns.
fn parameters(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let cells: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", cells.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// An update that has to hit one row.
fn one(done: &sqlx::any::AnyQueryResult, kind: &'static str, id: &str) -> Result<()> {
    if done.rows_affected() == 0 { Err(StoreError::missing(kind, id)) } else { Ok(()) }
}

/// Reads columns of a row by name as the program's own types.
trait Columns {
    fn text(&self, name: &str) -> Result<String>;
    fn maybe_text(&self, name: &str) -> Result<Option<String>>;
    fn integer(&self, name: &str) -> Result<i64>;
    fn bytes(&self, name: &str) -> Result<Vec<u8>>;
    fn maybe_moment(&self, name: &str) -> Result<Option<Moment>>;

    fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.integer(name)? != 0)
    }

    fn moment(&self, name: &str) -> Result<Moment> {
        Ok(Moment(self.integer(name)?))
    }

    fn project(&self, name: &str) -> Result<ProjectId> {
        Ok(self.text(name)?.into())
    }

    fn key(&self, name: &str) -> Result<KeyId> {
        Ok(self.text(name)?.into())
    }

    fn user(&self, name: &str) -> Result<UserId> {
        Ok(self.text(name)?.into())
    }

    fn hash(&self, name: &str) -> Result<[u8; 32]> {
        let bytes = self.bytes(name)?;
        bytes.try_into().map_err(|_| StoreError::damaged(format!("`{name}` is not a hash")))
    }
}

impl Columns for AnyRow {
    fn text(&self, name: &str) -> Result<String> {
        Ok(self.try_get(name)?)
    }

    fn maybe_text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.try_get(name)?)
    }

    fn integer(&self, name: &str) -> Result<i64> {
        Ok(self.try_get(name)?)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        Ok(self.try_get(name)?)
    }

    fn maybe_moment(&self, name: &str) -> Result<Option<Moment>> {
        Ok(self.try_get::<Option<i64>, _>(name)?.map(Moment))
    }
}

#[cfg(test)]
mod tests;
