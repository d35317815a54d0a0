//! Passwords: argon2id, off the threads that serve, and never many at once.
//!
//! Each hash takes 19 MiB and about 20 ms (what OWASP advises for a small host). Two at a time make 38 MiB, which a host
//! of 512 MB has; a few more may wait, others are sent away.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

use super::{OperatorError, Refused};
use crate::id;
use crate::secret::{Secret, same};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT: usize = 16;
const HASH: usize = 32;
const AT_ONCE: usize = 2;
const IN_LINE: usize = 16;

const SHORTEST: usize = 10;
const LONGEST: usize = 256;

/// Hashes passwords, a few at a time.
#[derive(Debug)]
pub(super) struct Hasher {
    line: Semaphore,
    work: Semaphore,
    /// What the password of nobody is compared with, so that an unknown name takes as long as a wrong password.
    nobody: String,
}

/// What a stored hash consists of.
struct Stored {
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Hasher {
    pub(super) fn new() -> Self {
        let zeros = STANDARD_NO_PAD.encode([0; HASH]);
        let salt = STANDARD_NO_PAD.encode([0; SALT]);
        let nobody = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${zeros}");
        Self { line: Semaphore::new(IN_LINE), work: Semaphore::new(AT_ONCE), nobody }
    }

    /// The text to keep of a password.
    pub(super) async fn hash(&self, password: &Secret) -> Result<String, OperatorError> {
        strong(password)?;
        let salt = id::bytes::<SALT>();
        let params = usual().ok_or(OperatorError::Refused(Refused::Busy))?;
        let hash = self.run(password, salt.to_vec(), params).await?;
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
    }

    /// Whether this is the password of which `kept` was kept. Takes as long for none.
    pub(super) async fn verify(&self, password: &Secret, kept: Option<&str>) -> Result<bool, Refused> {
        let known = kept.and_then(Stored::parse);
        let genuine = known.is_some();
        let Some(Stored { params, salt, hash }) = known.or_else(|| Stored::parse(&self.nobody)) else {
            return Ok(false);
        };
        let found = self.run(password, salt, params).await?;
        Ok(same(&found, &hash) && genuine)
    }

    async fn run(&self, password: &Secret, salt: Vec<u8>, params: Params) -> Result<[u8; HASH], Refused> {
        let _place = self.line.try_acquire().map_err(|_| Refused::Busy)?;
        let _turn = self.work.acquire().await.map_err(|_| Refused::Busy)?;
        let password = password.clone();
        let hashing = tokio::task::spawn_blocking(move || {
            let mut out = [0; HASH];
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon.hash_password_into(password.expose().as_bytes(), &salt, &mut out).map(|()| out)
        });
        match hashing.await {
            Ok(Ok(hash)) => Ok(hash),
            Ok(Err(error)) => {
                tracing::error!(%error, "a password could not be hashed");
                Err(Refused::Busy)
            }
            Err(error) => {
                tracing::error!(%error, "a password could not be hashed");
                Err(Refused::Busy)
            }
        }
    }
}

impl Stored {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$argon2id$v=19$")?;
        let mut parts = rest.split('$');
        let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let cost = |name: &str| {
            let cost = costs.split(',').find_map(|cost| cost.strip_prefix(name)?.strip_prefix('='));
            cost?.parse::<u32>().ok()
        };
        Some(Self {
            params: Params::new(cost("m")?, cost("t")?, cost("p")?, Some(HASH)).ok()?,
            salt: STANDARD_NO_PAD.decode(salt).ok()?,
            hash: STANDARD_NO_PAD.decode(hash).ok()?,
        })
    }
}

fn usual() -> Option<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH)).ok()
}

/// Length is what counts; what it is made of is everybody's own business.
fn strong(password: &Secret) -> Result<(), OperatorError> {
    let length = password.expose().chars().count();
    if length < SHORTEST {
        return Err(OperatorError::Password(
            "must have at least 10 characters; several words are easy to remember",
        ));
    }
    if length > LONGEST {
        return Err(OperatorError::Password("must have at most 256 characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_only_what_was_made_of_it() {
        let hasher = Hasher::new();
        let password = Secret::new("correct horse battery");
        let kept = hasher.hash(&password).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !kept.contains("horse"));
        assert_ne!(hasher.hash(&password).await.unwrap(), kept, "each has its own salt");
        assert_eq!(hasher.verify(&password, Some(&kept)).await, Ok(true));
        for (wrong, kept) in
            [("correct horse batterx", Some(&*kept)), ("correct horse battery", None), ("", None)]
        {
            assert_eq!(hasher.verify(&Secret::new(wrong), kept).await, Ok(false), "{wrong}");
        }
        for damaged in
            ["", "$argon2id$v=19$", "$argon2id$v=19$m=1,t=0,p=1$AA$AA", &kept.replace("m=19456", "m=x")]
        {
            assert_eq!(hasher.verify(&password, Some(damaged)).await, Ok(false), "{damaged}");
        }
    }

    #[tokio::test]
    async fn too_many_at_once_are_sent_away() {
        let hasher = Hasher::new();
        let full = hasher.line.try_acquire_many(u32::try_from(IN_LINE).unwrap()).unwrap();
        assert_eq!(hasher.verify(&Secret::new("x"), None).await, Err(Refused::Busy));
        drop(full);
        assert_eq!(hasher.verify(&Secret::new("x"), None).await, Ok(false));
    }

    #[tokio::test]
    async fn short_and_endless_ones_are_refused() {
        let hasher = Hasher::new();
        for bad in ["", "ninechars", &"a".repeat(257)] {
            let refused = hasher.hash(&Secret::new(bad)).await.unwrap_err();
            assert!(matches!(refused, OperatorError::Password(_)), "{bad}");
        }
    }
}
