//! What stands behind the database in a backup: what it should hold, and a checksum over all of it.
//!
//! database · manifest as JSON · SHA-256 of both · length of the manifest · mark

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BackupError;

/// How backups are written now.
pub(super) const FORMAT: u32 = 1;
const MARK: &[u8; 8] = b"POLLUXB1";
const FOOT: u64 = 32 + 8 + 8;
const LONGEST_MANIFEST: u64 = 1 << 20;
const PIECE: usize = 1 << 16;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// How it is written.
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When it was made.
    pub created_at: String,
    /// The version of the database's schema.
    pub schema: i64,
    /// How many rows each table has.
    pub rows: BTreeMap<String, i64>,
}

/// The end of a backup, taken apart.
struct Foot {
    /// How long the database before it is.
    database: u64,
    manifest: Vec<u8>,
    digest: [u8; 32],
}

/// Writes the end of a backup behind the database, down to the disk.
pub(super) fn append(path: &Path, manifest: &Manifest) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let json = serde_json::to_vec(manifest)?;
    let length = file.metadata()?.len();
    let digest = digest(&mut file, length, &json)?;
    file.seek(SeekFrom::End(0))?;
    file.write_all(&json)?;
    file.write_all(&digest)?;
    file.write_all(&(json.len() as u64).to_le_bytes())?;
    file.write_all(MARK)?;
    file.sync_all()
}

/// What a backup says it holds, not checked. For lists.
///
/// # Errors
/// When it cannot be read or has no end.
pub fn read_manifest(path: &Path) -> Result<Manifest, BackupError> {
    let mut file = File::open(path).map_err(BackupError::file(path))?;
    manifest(&foot(&mut file).map_err(BackupError::file(path))??)
}

/// Reads all of it and compares the checksum.
pub(super) fn verify(path: &Path) -> Result<Manifest, BackupError> {
    let mut file = File::open(path).map_err(BackupError::file(path))?;
    let foot = foot(&mut file).map_err(BackupError::file(path))??;
    let found = digest(&mut file, foot.database, &foot.manifest).map_err(BackupError::file(path))?;
    if found != foot.digest {
        return Err(BackupError::Damaged(String::from("its checksum does not fit: bytes were changed")));
    }
    manifest(&foot)
}

/// Copies the database of a backup into an empty file, down to the disk, and checks once more what was copied.
pub(super) fn extract(backup: &Path, mut into: File) -> Result<(), BackupError> {
    let mut file = File::open(backup).map_err(BackupError::file(backup))?;
    let foot = foot(&mut file).map_err(BackupError::file(backup))??;
    let copied = (|| {
        file.seek(SeekFrom::Start(0))?;
        io::copy(&mut Read::by_ref(&mut file).take(foot.database), &mut into)?;
        into.sync_all()?;
        digest(&mut into, foot.database, &foot.manifest)
    })();
    if copied.map_err(BackupError::file(backup))? != foot.digest {
        return Err(BackupError::Damaged(String::from("it changed while it was being copied")));
    }
    Ok(())
}

fn manifest(foot: &Foot) -> Result<Manifest, BackupError> {
    let unreadable = |error| BackupError::Damaged(format!("what it says of itself cannot be read: {error}"));
    let manifest: Manifest = serde_json::from_slice(&foot.manifest).map_err(unreadable)?;
    if manifest.format > FORMAT {
        let made_by = manifest.program;
        return Err(BackupError::Damaged(format!("it was made by the newer version {made_by}")));
    }
    Ok(manifest)
}

/// The end of a backup. The inner error says that there is none.
fn foot(file: &mut File) -> io::Result<Result<Foot, BackupError>> {
    let cut = || {
        BackupError::Damaged(String::from("its end is missing: it was cut short, or is no backup of Pollux"))
    };
    let length = file.metadata()?.len();
    let Some(end) = length.checked_sub(FOOT) else { return Ok(Err(cut())) };
    file.seek(SeekFrom::Start(end))?;
    let (mut digest, mut size, mut mark) = ([0; 32], [0; 8], [0; 8]);
    file.read_exact(&mut digest)?;
    file.read_exact(&mut size)?;
    file.read_exact(&mut mark)?;
    let size = u64::from_le_bytes(size);
    let database = end.checked_sub(size).filter(|_| size <= LONGEST_MANIFEST && &mark == MARK);
    let Some(database) = database else { return Ok(Err(cut())) };
    file.seek(SeekFrom::Start(database))?;
    let mut manifest = Vec::new();
    Read::by_ref(file).take(size).read_to_end(&mut manifest)?;
    Ok(Ok(Foot { database, manifest, digest }))
}

/// SHA-256 of the database and of what is said about it.
fn digest(file: &mut File, database: u64, manifest: &[u8]) -> io::Result<[u8; 32]> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut rest = Read::by_ref(file).take(database);
    loop {
        let read = rest.read(&mut piece)?;
        if read == 0 {
            break;
        }
        hash.update(piece.get(..read).unwrap_or_default());
    }
    hash.update(manifest);
    Ok(hash.finalize().into())
}
