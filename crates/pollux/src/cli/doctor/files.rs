//! Files and limits of this machine: the data directory, the master key, the database, open files.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;
use crate::config::{Config, Database};

/// Fewer open files than this are used up by a few hundred streams.
const FEW_FILES: u64 = 4_096;
/// How an SQLite database begins (<https://www.sqlite.org/fileformat.html> §1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Looks at all of them.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![folder(&config.data_dir)];
    if config.master_key.is_none() {
        findings.extend(master_key(&config.data_dir.join("master.key")));
    }
    findings.push(match (&config.database_url, config.database_path()) {
        (_, Some(path)) => database(&path),
        (Database::Postgres(address), None) => Finding::good("database", format!("PostgreSQL at {address}")),
        (_, None) => Finding::bad("database", "is neither a file nor an address"),
    });
    findings.extend(fs::read_to_string("/proc/self/limits").ok().as_deref().and_then(open_files));
    findings
}

fn folder(path: &Path) -> Finding {
    const ABOUT: &str = "data";
    let shown = path.display();
    let Ok(metadata) = path.metadata() else {
        return Finding::warning(ABOUT, format!("{shown} is not there yet; the first start makes it"));
    };
    let probe = path.join(".doctor");
    let written = File::create(&probe).and_then(|_| fs::remove_file(&probe));
    match written {
        Err(error) => {
            Finding::bad(ABOUT, format!("{shown} cannot be written: {error}; give it to this user"))
        }
        Ok(()) if metadata.permissions().mode() & 0o007 != 0 => Finding::warning(
            ABOUT,
            format!("{shown} is open to every user of this machine: chmod o= {shown}"),
        ),
        Ok(()) => Finding::good(ABOUT, format!("{shown} can be written")),
    }
}

fn master_key(path: &Path) -> Option<Finding> {
    const ABOUT: &str = "master key";
    let mode = path.metadata().ok()?.permissions().mode();
    let shown = path.display();
    if mode & 0o077 != 0 {
        return Some(Finding::bad(ABOUT, format!("{shown} can be read by others: chmod 600 {shown}")));
    }
    let said = "stands beside the database; set POLLUX_MASTER_KEY to keep the two apart";
    Some(Finding::warning(ABOUT, said))
}

fn database(path: &Path) -> Finding {
    const ABOUT: &str = "database";
    let shown = path.display();
    let mut head = [0; 16];
    match File::open(path).and_then(|mut file| file.read_exact(&mut head)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::good(ABOUT, format!("{shown} is not there yet; the first start makes it"))
        }
        Err(error) => Finding::bad(ABOUT, format!("{shown} cannot be read: {error}")),
        Ok(()) if head == *MAGIC => Finding::good(ABOUT, format!("{shown} is an SQLite database")),
        Ok(()) => Finding::bad(ABOUT, format!("{shown} is no SQLite database; restore a backup")),
    }
}

/// How many files may be open, by what `/proc/self/limits` says.
fn open_files(limits: &str) -> Option<Finding> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let soft: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(if soft < FEW_FILES {
        Finding::warning(
            "open files",
            format!("at most {soft}; each stream needs two: raise it (ulimit -n 65536)"),
        )
    } else {
        Finding::good("open files", format!("at most {soft}"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    #[test]
    fn what_is_open_to_others_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        mode(dir.path(), 0o700);
        assert_eq!(folder(dir.path()).grade, Grade::Good);
        mode(dir.path(), 0o755);
        assert_eq!(folder(dir.path()).grade, Grade::Warning);
        assert_eq!(folder(&dir.path().join("nowhere")).grade, Grade::Warning);
        let key = dir.path().join("master.key");
        assert_eq!(master_key(&key), None);
        fs::write(&key, "x").unwrap();
        mode(&key, 0o644);
        assert_eq!(master_key(&key).unwrap().grade, Grade::Bad);
        mode(&key, 0o600);
        assert_eq!(master_key(&key).unwrap().grade, Grade::Warning);
    }

    #[test]
    fn a_database_is_told_from_something_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pollux.db");
        assert_eq!(database(&path).grade, Grade::Good, "a first start is no problem");
        fs::write(&path, b"not a database at all").unwrap();
        assert_eq!(database(&path).grade, Grade::Bad);
        fs::write(&path, [MAGIC.as_slice(), &[0; 100]].concat()).unwrap();
        assert_eq!(database(&path).grade, Grade::Good);
    }

    #[test]
    fn few_open_files_are_a_warning() {
        let limits =
            |soft: &str| format!("Limit  Soft  Hard\nMax open files            {soft}    1048576   files\n");
        assert_eq!(open_files(&limits("1024")).unwrap().grade, Grade::Warning);
        assert_eq!(open_files(&limits("65536")).unwrap().grade, Grade::Good);
        assert_eq!(open_files("nothing"), None);
    }
}
