//! The files of the journal: `NUMBER.journal`, named after their first record, and `name`, which tells journals apart.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::frame::{self, Found};
use crate::id;

/// What a start found.
#[derive(Debug)]
pub(super) struct Recovered {
    /// What the store calls this journal.
    pub(super) name: String,
    /// The number of the last record.
    pub(super) last: u64,
    /// Bytes of all segments.
    pub(super) bytes: u64,
}

/// Looks through the folder, which is made if there is none, and cuts off what is half-written.
pub(super) fn recover(folder: &Path) -> io::Result<Recovered> {
    fs::create_dir_all(folder)?;
    let name = name(folder)?;
    let segments = list(folder)?;
    let mut last = 0;
    for (first, path) in &segments {
        last = check(path)?.max(last).max(first.saturating_sub(1));
    }
    let bytes = segments.iter().map(|(_, path)| fs::metadata(path).map_or(0, |data| data.len())).sum();
    Ok(Recovered { name, last, bytes })
}

/// The journal's own name, drawn once. A journal that starts anew has another one, so that its numbers do.
fn name(folder: &Path) -> io::Result<String> {
    let path = folder.join("name");
    match fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let name = format!("jrn_{}", id::letters(20));
    let mut file = private(OpenOptions::new().create(true).write(true).truncate(true)).open(&path)?;
    file.write_all(name.as_bytes())?;
    file.sync_all()?;
    Ok(name)
}

/// The number of the last good record of a segment, 0 if it has none; what follows it is cut off and told.
fn check(path: &Path) -> io::Result<u64> {
    let bytes = fs::read(path)?;
    let (mut at, mut last) = (0, 0);
    loop {
        match frame::read(bytes.get(at..).unwrap_or_default()) {
            Found::Record(found, length) => {
                last = found.sequence;
                at += length;
            }
            Found::Incomplete if at == bytes.len() => return Ok(last),
            Found::Incomplete => {
                let bytes = bytes.len() - at;
                tracing::info!(path = %path.display(), bytes, "cut off a record that a crash had left half-written");
                break;
            }
            Found::Damaged => {
                let aside = path.with_extension("damaged");
                fs::copy(path, &aside)?;
                let bytes = bytes.len() - at;
                tracing::error!(path = %path.display(), bytes, kept = %aside.display(),
                    "a segment of the journal is damaged; what follows the damage is not counted");
                break;
            }
        }
    }
    OpenOptions::new().write(true).open(path)?.set_len(u64::try_from(at).unwrap_or(u64::MAX))?;
    Ok(last)
}

/// The segments with the number of their first record, oldest first.
pub(super) fn list(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_segment = path.extension().is_some_and(|extension| extension == "journal");
        let first = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        segments.extend(first.filter(|_| is_segment).map(|first| (first, path)));
    }
    segments.sort();
    Ok(segments)
}

/// A new segment that begins with this record.
pub(super) fn create(folder: &Path, first: u64) -> io::Result<File> {
    private(OpenOptions::new().create(true).append(true)).open(folder.join(format!("{first:020}.journal")))
}

/// What a segment holds from this place on.
pub(super) fn read_from(path: &Path, at: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(READ).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// How much is read at once; more than any record.
const READ: u64 = 2 << 20;

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
