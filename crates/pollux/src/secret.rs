//! Secrets are a type: they are never shown by accident, sealed at rest and found again by HMAC.
//!
//! Invariant: text that came in as a [`Secret`] leaves only through `expose` or sealed.

mod master;
mod source;

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use master::{Lookup, MasterKey, Unsealable};
pub use source::MasterKeyError;

/// Shorter secrets show nothing of themselves in a hint.
const SHORTEST_HINTED: usize = 16;

/// A secret text: an upstream key, a user key, a token.
///
/// It has no `Display`, its `Debug` prints `[redacted]`, comparing takes the same time wherever the difference is,
/// and its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Each caller is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may be shown of it: see [`hint`].
    pub fn hint(&self) -> String {
        hint(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        same(self.expose().as_bytes(), other.expose().as_bytes())
    }
}

impl Eq for Secret {}

/// Whether two byte strings are equal, in a time that tells nothing but their lengths.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// The part of a secret that people may see to tell it from others: `AIza…9xYz`, or `…` for a short one.
pub fn hint(secret: &str) -> String {
    let length = secret.chars().count();
    if length < SHORTEST_HINTED {
        return "…".to_owned();
    }
    let head = secret.chars().take(4);
    let tail = secret.chars().skip(length - 4);
    head.chain(std::iter::once('…')).chain(tail).map(printable).collect()
}

/// A hint is printed to terminals and logs, so a control character in a wrongly pasted secret must not get there.
fn printable(letter: char) -> char {
    if letter.is_control() { '·' } else { letter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_nothing_in_debug() {
        let secret = Secret::new("AIzaSyCanaryCanaryCanary");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[redacted] Some([redacted])");
    }

    #[test]
    fn compares_by_content() {
        assert_eq!(Secret::new("abc"), Secret::new("abc"));
        for other in ["abd", "ab", "abcd", ""] {
            assert_ne!(Secret::new("abc"), Secret::new(other));
        }
    }

    #[test]
    fn hints_show_the_ends_only() {
        let cases = [
            ("AIzaSyABCDEFGHIJKLMNOPQRSTUVWXYZ9xYz", "AIza…9xYz"),
            ("0123456789abcdef", "0123…cdef"),
            ("0123456789abcde", "…"),
            ("", "…"),
            ("\u{1b}[2J0123456789abcde\n", "·[2J…cde·"),
            ("钥匙钥匙钥匙钥匙钥匙钥匙钥匙钥匙", "钥匙钥匙…钥匙钥匙"),
        ];
        for (secret, expected) in cases {
            assert_eq!(hint(secret), expected);
        }
    }
}
