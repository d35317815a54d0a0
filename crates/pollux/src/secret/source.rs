//! Where the master key comes from: the environment, or a file beside the data.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::Mac;
use zeroize::Zeroizing;

use super::{MasterKey, Secret};
use crate::id;

/// A passphrase is hashed, not stretched, so it must be long enough to stand without.
const SHORTEST_PASSPHRASE: usize = 32;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&STANDARD, LENIENT), GeneralPurpose::new(&URL_SAFE, LENIENT)];

/// Why there is no master key. The messages name files and rules, never the key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The text is neither 32 bytes in base64 or hex nor a long passphrase.
    #[error(
        "POLLUX_MASTER_KEY must be 32 bytes as base64 or hex (`openssl rand -base64 32`), or a passphrase of at \
         least {SHORTEST_PASSPHRASE} characters; it has {0}"
    )]
    TooShort(usize),
    /// Others may read the file.
    #[error("the key file {} is open to other users (mode {mode:03o}); run `chmod 600` on it", path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("the key file {} does not hold 32 bytes as base64 or hex; restore it from a backup", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("cannot use the key file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl MasterKey {
    /// Reads the value of `POLLUX_MASTER_KEY`: 32 bytes as base64 (either alphabet, padded or not) or as 64 hex
    /// digits, else a passphrase of at least 32 characters.
    pub fn from_text(text: &Secret) -> Result<Self, MasterKeyError> {
        let text = text.expose().trim();
        if let Some(key) = exact(text) {
            return Ok(key);
        }
        let length = text.chars().count();
        if length < SHORTEST_PASSPHRASE {
            return Err(MasterKeyError::TooShort(length));
        }
        let mut mac = super::master::keyed(&[0; 32]);
        mac.update(b"pollux/v1/passphrase/");
        mac.update(text.as_bytes());
        Ok(Self::new(mac.finalize().into_bytes().into()))
    }

    /// Reads the key file, or makes one (mode 0600) if there is none. True means that it was made now.
    pub fn from_file(path: &Path) -> Result<(Self, bool), MasterKeyError> {
        let failed = |source| MasterKeyError::File { path: path.to_owned(), source };
        match std::fs::metadata(path) {
            Ok(metadata) => private(path, &metadata)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return create(path).map(|key| (key, true)).map_err(failed);
            }
            Err(error) => return Err(failed(error)),
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
        let key = exact(text.trim()).ok_or_else(|| MasterKeyError::Content { path: path.to_owned() })?;
        Ok((key, false))
    }
}

/// 32 bytes written as hex or base64.
fn exact(text: &str) -> Option<MasterKey> {
    let bytes = unhex(text)
        .or_else(|| BASE64.iter().find_map(|base64| base64.decode(text).ok().map(Zeroizing::new)))?;
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(MasterKey::new)
}

fn unhex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
    pairs.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

fn create(path: &Path) -> std::io::Result<MasterKey> {
    let key = MasterKey::new(id::bytes());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let text = Zeroizing::new(BASE64[0].encode(key.bytes()) + "\n");
    file.write_all(text.as_bytes())?;
    // What is sealed with a key that a power cut took away is lost.
    file.sync_all()?;
    Ok(key)
}

#[cfg(unix)]
fn private(path: &Path, metadata: &std::fs::Metadata) -> Result<(), MasterKeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 {
        return Ok(());
    }
    Err(MasterKeyError::Permissions { path: path.to_owned(), mode })
}

#[cfg(not(unix))]
fn private(_: &Path, _: &std::fs::Metadata) -> Result<(), MasterKeyError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<[u8; 32], String> {
        MasterKey::from_text(&Secret::new(text)).map(|key| *key.bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_base64_and_hex() {
        let bytes = [0xfb; 32];
        let standard = BASE64[0].encode(bytes);
        let url = BASE64[1].encode(bytes);
        for text in
            [&standard, &url, standard.trim_end_matches('='), &"fb".repeat(32), &format!(" {standard}\n")]
        {
            assert_eq!(read(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn hashes_a_passphrase_and_refuses_a_short_one() {
        let long = "correct horse battery staple, again";
        assert_eq!(read(long), read(long));
        assert_ne!(read(long), read(&format!("{long}!")));
        for short in ["", "hunter2", &"a".repeat(31)] {
            let error = read(short).unwrap_err();
            assert!(error.contains(&format!("it has {}", short.len())), "{error}");
            assert!(short.is_empty() || !error.contains(short));
        }
    }

    #[test]
    fn makes_a_private_file_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let (made, fresh) = MasterKey::from_file(&path).unwrap();
        let (read, again) = MasterKey::from_file(&path).unwrap();
        assert_eq!((made.bytes(), fresh, again), (read.bytes(), true, false));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn refuses_a_file_that_others_can_read() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        MasterKey::from_file(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = MasterKey::from_file(&path).unwrap_err().to_string();
        assert!(error.contains("mode 644") && error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn refuses_a_file_with_something_else_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        MasterKey::from_file(&path).unwrap();
        for content in ["", "short", "a passphrase that would be long enough elsewhere"] {
            std::fs::write(&path, content).unwrap();
            let error = MasterKey::from_file(&path).unwrap_err();
            assert!(matches!(error, MasterKeyError::Content { .. }), "{error}");
        }
        let missing = MasterKey::from_file(&dir.path().join("no/such/dir")).unwrap_err();
        assert!(matches!(missing, MasterKeyError::File { .. }), "{missing}");
    }
}
