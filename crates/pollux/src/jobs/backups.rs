//! The folder of backups: made on time, the oldest given up, each checked when it was written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::{Failed, Work};
use crate::clock::{self, Moment};
use crate::store::backup::{self, BackupError, Manifest};

const BEFORE: &str = "pollux-";
const AFTER: &str = ".backup";
/// More than this are not listed.
const LISTED: usize = 1_000;

/// A folder of backups of one database.
#[derive(Debug)]
pub struct Backups {
    /// The SQLite file.
    pub database: PathBuf,
    /// Where its backups go.
    pub folder: PathBuf,
    /// How many of them are kept.
    pub keep: usize,
}

/// A backup in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its file name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// What it holds; none if it is damaged.
    pub manifest: Option<Manifest>,
}

impl Backups {
    /// Makes one, and gives up the oldest ones.
    ///
    /// # Errors
    /// When it cannot be written or is not right; then the older ones stay.
    pub async fn make(&self, now: Moment) -> Result<Backup, BackupError> {
        let failed = |source| BackupError::File { path: self.folder.clone(), source };
        make_folder(&self.folder).map_err(failed)?;
        let name = name(now);
        let path = self.folder.join(&name);
        let manifest = backup::write(&self.database, &path, now).await?;
        let bytes = path.metadata().map_err(failed)?.len();
        self.rotate().map_err(failed)?;
        Ok(Backup { name, bytes, manifest: Some(manifest) })
    }

    /// Those that are there, the latest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> std::io::Result<Vec<Backup>> {
        let shown = self.names()?.into_iter().take(LISTED).filter_map(|name| {
            let path = self.folder.join(&name);
            // Rotation may take one away meanwhile.
            let bytes = path.metadata().ok()?.len();
            Some(Backup { name, bytes, manifest: backup::read_manifest(&path).ok() })
        });
        Ok(shown.collect())
    }

    /// Where the backup of this name is, if it is one of ours.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.join(name);
        (is_name(name) && path.is_file()).then_some(path)
    }

    fn rotate(&self) -> std::io::Result<()> {
        for name in self.names()?.into_iter().skip(self.keep.max(1)) {
            std::fs::remove_file(self.folder.join(&name))?;
            tracing::info!(name, "gave up an old backup");
        }
        Ok(())
    }

    /// The latest first. What does not look like one of ours is nobody's business here.
    fn names(&self) -> std::io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| is_name(name)).collect();
        names.sort_unstable_by(|left, right| right.cmp(left));
        Ok(names)
    }
}

/// The job that makes them.
#[derive(Debug)]
pub(crate) struct BackUp(pub(crate) Arc<Backups>);

#[async_trait]
impl Work for BackUp {
    async fn run(&self, now: Moment) -> Result<String, Failed> {
        let made = self.0.make(now).await.map_err(|error| Failed(error.to_string()))?;
        Ok(format!("wrote {} ({} bytes)", made.name, made.bytes))
    }
}

/// `pollux-20261122T100000123Z.backup`: names sort by time.
fn name(now: Moment) -> String {
    let seconds = clock::iso(Moment(now.0.div_euclid(1_000) * 1_000));
    let digits: String = seconds.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits = digits.trim_end_matches('Z');
    format!("{BEFORE}{digits}{:03}Z{AFTER}", now.0.rem_euclid(1_000))
}

fn is_name(name: &str) -> bool {
    let middle = name.strip_prefix(BEFORE).and_then(|name| name.strip_suffix(AFTER));
    middle.is_some_and(|middle| middle.len() == 19 && middle.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::{SqlStore, SqliteSettings};

    const NOW: Moment = Moment(1_795_305_600_123);

    #[test]
    fn names_tell_the_time_and_lead_nowhere_else() {
        assert_eq!(name(NOW), "pollux-20261122T000000123Z.backup");
        assert!(is_name(&name(NOW)) && name(NOW) < name(Moment(NOW.0 + 1)));
        for strange in ["../pollux.db", "pollux-.backup", "pollux-../../../../../x.backup", "pollux.db"] {
            assert!(!is_name(strange), "{strange}");
        }
    }

    #[tokio::test]
    async fn the_oldest_go_and_strangers_stay() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("pollux.db");
        let _store = SqlStore::open_sqlite(&database, SqliteSettings::default(), NOW).await.unwrap();
        let backups = Backups { database, folder: folder.path().join("backups"), keep: 2 };
        assert_eq!(backups.list().unwrap(), []);
        let mut made = Vec::new();
        for day in 0..4 {
            let at = Moment(NOW.0 + i64::try_from(Duration::from_hours(24 * day).as_millis()).unwrap());
            made.push(backups.make(at).await.unwrap());
            std::fs::write(backups.folder.join("notes.txt"), "mine").unwrap();
        }
        made.reverse();
        assert_eq!(backups.list().unwrap(), made[..2]);
        assert!(backups.folder.join("notes.txt").exists());
        assert!(backups.path(&made[0].name).is_some() && backups.path(&made[3].name).is_none());
        assert!(backups.path("notes.txt").is_none());
    }
}
