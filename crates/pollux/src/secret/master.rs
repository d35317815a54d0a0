//! The master key: seals what must be read again, hashes what must only be found again.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Secret;
use crate::id;

type HmacSha256 = Hmac<Sha256>;

/// First byte of everything sealed, so that another cipher or key can live beside this one later.
const VERSION: u8 = 1;
const NONCE: usize = 24;

/// The key from which every other key of this installation is derived.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// A key made of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts `plain`. `context` says what the value is and where it belongs ("key:key_01…"): it is not stored,
    /// and opening with another context fails, so that a sealed value cannot be moved to another row.
    ///
    /// # Panics
    /// On a text of more than 256 GiB, which the cipher refuses.
    pub fn seal(&self, plain: &Secret, context: &str) -> Vec<u8> {
        let nonce = id::bytes::<NONCE>();
        let payload = Payload { msg: plain.expose().as_bytes(), aad: context.as_bytes() };
        #[expect(clippy::expect_used, reason = "the cipher refuses only texts of more than 256 GiB")]
        let sealed = self.cipher().encrypt(XNonce::from_slice(&nonce), payload).expect("a short text");
        [&[VERSION], nonce.as_slice(), &sealed].concat()
    }

    /// Decrypts what [`MasterKey::seal`] made with the same context.
    pub fn open(&self, sealed: &[u8], context: &str) -> Result<Secret, Unsealable> {
        let (version, rest) = sealed.split_first().ok_or(Unsealable::Damaged)?;
        if *version != VERSION {
            return Err(Unsealable::Version(*version));
        }
        let (nonce, body) = rest.split_at_checked(NONCE).ok_or(Unsealable::Damaged)?;
        let payload = Payload { msg: body, aad: context.as_bytes() };
        let plain =
            self.cipher().decrypt(XNonce::from_slice(nonce), payload).map_err(|_| Unsealable::Refused)?;
        match String::from_utf8(plain) {
            Ok(text) => Ok(Secret::new(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(Unsealable::Damaged)
            }
        }
    }

    /// The finder for one kind of secret. Hashes made for different purposes have nothing in common.
    pub fn lookup(&self, purpose: &str) -> Lookup {
        let key = self.derive(&format!("lookup/{purpose}"));
        Lookup(keyed(&key))
    }

    /// The hash under which `text` is found again. For many of them, keep a [`Lookup`].
    pub fn lookup_hash(&self, purpose: &str, text: &str) -> [u8; 32] {
        self.lookup(purpose).hash(text)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key = self.derive("seal");
        XChaCha20Poly1305::new((&*key).into())
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut mac = keyed(&self.0);
        mac.update(b"pollux/v1/");
        mac.update(purpose.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}

/// Hashes secrets of one purpose so that they can be found without being kept.
#[derive(Clone)]
pub struct Lookup(HmacSha256);

impl Lookup {
    /// HMAC-SHA256 of `text`.
    pub fn hash(&self, text: &str) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup([redacted])")
    }
}

/// Why a sealed value could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsealable {
    /// It was sealed with another master key, for another place, or changed since.
    #[error("the sealed value does not open with this master key")]
    Refused,
    /// It is too short or not text.
    #[error("the sealed value is damaged")]
    Damaged,
    /// A newer program sealed it.
    #[error("the sealed value has version {0}, which this program does not know")]
    Version(u8),
}

pub(super) fn keyed(key: &[u8; 32]) -> HmacSha256 {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mac = <HmacSha256 as Mac>::new_from_slice(key).expect("any length");
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(fill: u8) -> MasterKey {
        MasterKey::new([fill; 32])
    }

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|half| char::from(b"0123456789abcdef"[half as usize]))
            .collect()
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_in_its_place_only(text in ".{0,200}", context in ".{0,40}", other in ".{0,40}") {
            let sealed = key(7).seal(&Secret::new(text.as_str()), &context);
            let opened = key(7).open(&sealed, &context).unwrap();
            prop_assert_eq!(opened.expose(), text.as_str());
            prop_assert_eq!(key(8).open(&sealed, &context), Err(Unsealable::Refused));
            if other != context {
                prop_assert_eq!(key(7).open(&sealed, &other), Err(Unsealable::Refused));
            }
        }

        #[test]
        fn a_changed_byte_or_a_cut_never_opens(text in ".{1,60}", at in any::<prop::sample::Index>()) {
            let mut sealed = key(7).seal(&Secret::new(text.as_str()), "key:1");
            let at = at.index(sealed.len());
            prop_assert!(key(7).open(&sealed[..at], "key:1").is_err());
            sealed[at] ^= 1;
            prop_assert!(key(7).open(&sealed, "key:1").is_err());
        }
    }

    #[test]
    fn sealing_twice_differs_and_hides_the_text() {
        let secret = Secret::new("AIzaSyCanaryCanaryCanary");
        let (first, second) = (key(1).seal(&secret, "key:1"), key(1).seal(&secret, "key:1"));
        assert_ne!(first, second);
        assert!(!first.windows(6).any(|part| part == b"Canary"));
    }

    #[test]
    fn says_what_is_wrong_with_a_sealed_value() {
        assert_eq!(key(1).open(&[], "").unwrap_err(), Unsealable::Damaged);
        assert_eq!(key(1).open(&[1, 2, 3], "").unwrap_err(), Unsealable::Damaged);
        assert_eq!(key(1).open(&[9; 60], "").unwrap_err(), Unsealable::Version(9));
    }

    #[test]
    fn hashes_depend_on_key_purpose_and_text() {
        let base = key(1).lookup_hash("user", "sk-a");
        assert_eq!(base, key(1).lookup("user").hash("sk-a"));
        assert_ne!(base, key(2).lookup_hash("user", "sk-a"));
        assert_ne!(base, key(1).lookup_hash("key", "sk-a"));
        assert_ne!(base, key(1).lookup_hash("user", "sk-b"));
    }

    /// Changing the derivation would lock every installation out of its own secrets.
    #[test]
    fn derivation_is_frozen() {
        let sealed = [
            vec![1],
            vec![0; 24],
            key(3)
                .cipher()
                .encrypt(XNonce::from_slice(&[0; 24]), Payload { msg: b"text", aad: b"place" })
                .unwrap(),
        ]
        .concat();
        assert_eq!(key(3).open(&sealed, "place").unwrap().expose(), "text");
        let hash = hex(&key(3).lookup_hash("user", "sk-a"));
        insta::assert_snapshot!(hash, @"5e8ba8a5a3c2a8df0e69823b2f7d488414414c1f8c253f3bf81dae0f0493f341");
        let text = hex(&sealed[25..]);
        insta::assert_snapshot!(text, @"627ea4e02b1aeaaab52c9e4e4590ae8f383f909f");
    }

    #[test]
    fn keys_print_nothing() {
        assert_eq!(
            format!("{:?} {:?}", key(65), key(65).lookup("user")),
            "MasterKey([redacted]) Lookup([redacted])"
        );
    }
}
