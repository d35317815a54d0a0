//! Who uses a SQLite file: any number of programs side by side, or one restore alone.
//!
//! The lock is one of the operating system's on `pollux.db.lock`, so it ends with its process. File systems without such
//! locks are used without.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{BackupError, beside, private};

/// A claim on a SQLite file, until it is released or dropped.
#[derive(Debug, Default)]
pub(in crate::store) struct Occupancy(Mutex<Option<File>>);

impl Occupancy {
    /// Beside others, but not beside a restore.
    pub(in crate::store) fn shared(database: &Path) -> Result<Self, BackupError> {
        Self::claim(database, File::try_lock_shared)
    }

    /// Alone.
    pub(super) fn alone(database: &Path) -> Result<Self, BackupError> {
        Self::claim(database, File::try_lock)
    }

    fn claim(
        database: &Path,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, BackupError> {
        let path = beside(&real(database), ".lock");
        let file = private(&path, false).map_err(BackupError::file(&path))?;
        match lock(&file) {
            Ok(()) => Ok(Self(Mutex::new(Some(file)))),
            Err(TryLockError::WouldBlock) => Err(BackupError::InUse(database.to_owned())),
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "this file system has no locks");
                Ok(Self::default())
            }
        }
    }

    /// Lets others in.
    pub(in crate::store) fn release(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The path without links, also of a file that is not there.
fn real(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    folder.zip(path.file_name()).map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name))
}
