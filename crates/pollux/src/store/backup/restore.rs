//! Puts a backup in the place of the database; what was there is kept aside.

use std::path::{Path, PathBuf};

use super::occupancy::Occupancy;
use super::{BackupError, Manifest, beside, blocking, examine, private, seal, sync_folder};
use crate::clock::{self, Moment};
use crate::secret::MasterKey;

/// The files of a SQLite database; a write-ahead log must never meet another database.
const SIDES: [&str; 3] = ["-wal", "-shm", ""];

/// What was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the backup holds.
    pub manifest: Manifest,
    /// Where the former database is now, if there was one.
    pub kept_aside: Option<PathBuf>,
}

/// Checks a backup and puts it in the place of the database at `database`; without a moment it is only checked.
///
/// # Errors
/// When the backup is not whole, too new or of another master key, or when the database is in use. The database is as
/// it was then.
pub async fn restore(
    backup: &Path,
    database: &Path,
    master: &MasterKey,
    at: Option<Moment>,
) -> Result<Restored, BackupError> {
    let manifest = examine(backup, Some(master)).await?;
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(BackupError::file(folder))?;
    }
    let occupancy = Occupancy::alone(database)?;
    let Some(now) = at else { return Ok(Restored { manifest, kept_aside: None }) };
    let part = beside(database, ".restoring");
    let (from, to) = (backup.to_owned(), part.clone());
    blocking(&part, move || private(&to, true).map(|file| seal::extract(&from, file))).await??;
    let kept_aside = set_aside(database, now)?;
    std::fs::rename(&part, database).map_err(BackupError::file(database))?;
    sync_folder(database).map_err(BackupError::file(database))?;
    occupancy.release();
    Ok(Restored { manifest, kept_aside })
}

/// Gives the files of a database another name.
fn set_aside(database: &Path, now: Moment) -> Result<Option<PathBuf>, BackupError> {
    let time: String = clock::iso(now).chars().filter(char::is_ascii_alphanumeric).collect();
    let aside = beside(database, &format!(".before-restore-{time}"));
    let was_there = database.exists();
    for side in SIDES {
        let (from, to) = (beside(database, side), beside(&aside, side));
        if to.exists() {
            return Err(BackupError::Exists(to));
        }
        if from.exists() {
            std::fs::rename(&from, &to).map_err(BackupError::file(&from))?;
        }
    }
    Ok(was_there.then_some(aside))
}
