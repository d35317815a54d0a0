//! The store in a SQLite file.
//!
//! One writing connection (SQLite allows only one writer anyway, and waiting in our queue is fairer than in its lock)
//! and a few reading ones, which never wait for the writer thanks to the write-ahead log.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor};

use super::pool::Pool;
use super::{Kind, PATIENCE, SqlStore, Texts};
use crate::clock::Moment;
use crate::store::backup::Occupancy;
use crate::store::{Result, StoreError};

const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// A batch of ended calls touches more pages than the usual 2 MB hold, and would write them more than once; and most of them
/// change again in the next batch, so that a larger log saves copying them into the file each time.
const WRITER: [&str; 2] = ["PRAGMA cache_size = -8000", "PRAGMA wal_autocheckpoint = 4000"];

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

impl SqlStore {
    /// Opens the SQLite file at `path`, makes it (mode 0600) if there is none, and brings its schema up to date.
    pub async fn open_sqlite(path: &Path, settings: SqliteSettings, now: Moment) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let failed = |source| StoreError::File { path: path.to_owned(), source };
        let url = prepare(path).map_err(failed)?;
        let occupancy = Occupancy::shared(path).map_err(|error| failed(std::io::Error::other(error)))?;
        let refused = |error: sqlx::Error| match StoreError::from(error) {
            StoreError::Statement(error) => failed(std::io::Error::other(error)),
            other => other,
        };
        let options = url.parse::<AnyConnectOptions>().map_err(refused)?.disable_statement_logging();
        // The pool would try again and again and then only say that it took too long.
        let mut first = options.connect().await.map_err(refused)?;
        first.execute("PRAGMA journal_mode = WAL").await.map_err(refused)?;
        let synchronous = match settings.synchronous {
            Synchronous::Normal => "PRAGMA synchronous = NORMAL",
            Synchronous::Full => "PRAGMA synchronous = FULL",
        };
        let writer = pool(1, [[synchronous].as_slice(), &WRITER].concat()).connect_lazy_with(options.clone());
        let readers = pool(settings.readers.max(1), vec!["PRAGMA query_only = 1"]).connect_lazy_with(options);
        let (writer, readers) = (Pool::new(writer), Pool::new(readers));
        let texts = Texts::new(Kind::Sqlite);
        let store = Self { writer, readers, kind: Kind::Sqlite, texts, occupancy };
        store.migrate(now).await?;
        first.close().await?;
        Ok(store)
    }
}

fn pool(size: u32, pragmas: Vec<&'static str>) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            let pragmas = pragmas.clone();
            Box::pin(async move {
                connection.execute("PRAGMA busy_timeout = 5000").await?;
                connection.execute("PRAGMA foreign_keys = ON").await?;
                for pragma in pragmas {
                    connection.execute(pragma).await?;
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
    url(path)
}

/// How sqlx calls a file that is there.
pub(in crate::store) fn url(path: &Path) -> std::io::Result<String> {
    let path = path.canonicalize()?;
    let text = path.to_str().ok_or_else(|| std::io::Error::other("the path is not UTF-8"))?;
    Ok(format!("sqlite://{}", percent_encode(text.as_bytes(), PATH)))
}
