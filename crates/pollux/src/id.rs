//! Ids and seeds: the only place that draws random bytes.
//!
//! Invariant: nothing else in the program asks the system for randomness.

use crate::clock::Moment;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new row id: `prefix_` and 20 characters, ordered by time, never reused.
pub fn new(prefix: &str, now: Moment) -> String {
    let time = u128::from(now.0.cast_unsigned() & ((1 << 48) - 1));
    let bits = (time << 52) | (seed() & ((1 << 52) - 1));
    let mut id = String::with_capacity(prefix.len() + 21);
    id.push_str(prefix);
    id.push('_');
    id.extend((0..20).rev().map(|place| char::from(ALPHABET[(bits >> (place * 5)) as usize & 31])));
    id
}

/// 128 random bits.
pub fn seed() -> u128 {
    u128::from_le_bytes(bytes())
}

/// Random bytes from the operating system.
///
/// # Panics
/// If it has none to give: better no gateway than guessable keys and repeated nonces.
#[expect(clippy::expect_used, reason = "without randomness no secret is safe")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// `length` random letters and digits, for secrets that people copy: about 5.95 bits each.
pub fn letters(length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // Values from 248 on would favour the first letters.
        let fresh = bytes::<64>().into_iter().filter(|byte| *byte < 248);
        text.extend(fresh.take(length - text.len()).map(|byte| char::from(LETTERS[usize::from(byte % 62)])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_differ() {
        let early = new("key", Moment(1_000));
        let late = new("key", Moment(2_000));
        assert!(early < late);
        assert_eq!(early.len(), 24);
        assert_ne!(new("key", Moment(1_000)), early);
    }

    #[test]
    fn letters_are_as_many_as_asked() {
        assert_eq!(letters(48).len(), 48);
        assert_ne!(letters(48), letters(48));
    }
}
