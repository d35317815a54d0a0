//! Backups of the SQLite database: made while it is in use, checked, and put back.
//!
//! A backup is one file: the database as `VACUUM INTO` writes it, then what it should hold ([`Manifest`]), then a
//! checksum over both. SQLite reads only as many pages as its header names, so the file can be opened as it is.

mod contents;
mod occupancy;
mod restore;
mod seal;

use std::path::{Path, PathBuf};

use crate::clock::{self, Moment};
use crate::secret::{MasterKey, Unsealable};

pub(super) use occupancy::Occupancy;
pub use restore::{Restored, restore};
pub use seal::{Manifest, read_manifest};

use contents::Contents;

/// Why a backup could not be made, is not one, or cannot be put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database refused to be copied.
    #[error("the database could not be copied: {0}")]
    Copy(#[source] sqlx::Error),
    /// Something stands where the backup would be written.
    #[error("{} is there already; name another file, or remove it first", .0.display())]
    Exists(PathBuf),
    /// The backup is not what was written.
    #[error("the backup cannot be used: {0}")]
    Damaged(String),
    /// The backup was made by a newer program.
    #[error(
        "the backup has schema version {found}, this program knows versions up to {known}; restore it with the newer program"
    )]
    NewerSchema {
        /// The version in the backup.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// What is in the backup was sealed with another master key.
    #[error(
        "the master key is not the one this backup was made with ({0}); give the former POLLUX_MASTER_KEY, or put the \
         former key file into the data directory"
    )]
    MasterKey(#[source] Unsealable),
    /// A gateway, or another command, uses the database.
    #[error("{} is in use; stop the gateway first", .0.display())]
    InUse(PathBuf),
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// Copies the database to `target`, which must not exist, and reads the copy back as a restore would. Calls go on
/// meanwhile; the copy is the database as it was at one moment.
///
/// # Errors
/// When it cannot be written, or what was written is not right. Nothing is left behind then.
pub async fn write(database: &Path, target: &Path, now: Moment) -> Result<Manifest, BackupError> {
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    // Until it is whole and on the disk it has another name.
    let part = beside(target, ".part");
    let made = fill(database, &part, now).await.and_then(|manifest| {
        std::fs::rename(&part, target).map_err(BackupError::file(target))?;
        sync_folder(target).map_err(BackupError::file(target))?;
        Ok(manifest)
    });
    if made.is_err() {
        let _best_effort = std::fs::remove_file(&part);
    }
    made
}

async fn fill(database: &Path, part: &Path, now: Moment) -> Result<Manifest, BackupError> {
    private(part, true).map_err(BackupError::file(part))?;
    contents::copy(database, part).await?;
    let Contents { schema, rows, .. } = contents::read(part).await?;
    let manifest = Manifest {
        format: seal::FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: clock::iso(now),
        schema,
        rows,
    };
    let (path, sealed) = (part.to_owned(), manifest.clone());
    blocking(part, move || seal::append(&path, &sealed)).await?;
    examine(part, None).await?;
    Ok(manifest)
}

/// Reads a backup from end to end: checksum, SQLite's own check, schema version, rows, and whether `master` opens what
/// is in it.
///
/// # Errors
/// With the first thing that is wrong.
pub async fn examine(backup: &Path, master: Option<&MasterKey>) -> Result<Manifest, BackupError> {
    let path = backup.to_owned();
    let manifest = blocking(backup, move || Ok(seal::verify(&path))).await??;
    let known = super::sql::newest_schema();
    if manifest.schema > known {
        return Err(BackupError::NewerSchema { found: manifest.schema, known });
    }
    let found = contents::read(backup).await?;
    contents::check_pages(backup).await?;
    if (found.schema, &found.rows) != (manifest.schema, &manifest.rows) {
        return Err(BackupError::Damaged(String::from("it does not hold the rows it says it holds")));
    }
    if let (Some(master), Some(kept)) = (master, &found.master_check) {
        super::opens(kept, master).map_err(|error| match error {
            super::StoreError::MasterKey(why) => BackupError::MasterKey(why),
            other => BackupError::Damaged(other.to_string()),
        })?;
    }
    Ok(manifest)
}

/// Reading and writing files takes its time, on a thread of its own.
async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other);
    done.and_then(|done| done).map_err(BackupError::file(path))
}

/// A new file that others cannot read. An old one is emptied if that is allowed.
fn private(path: &Path, truncate: bool) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(truncate);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The name with something at its end.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Makes sure that a new name of a file is on the disk.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
