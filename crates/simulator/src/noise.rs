//! Deterministic noise: hashes and dice seeded by content, never by the clock.

/// FNV-1a over bytes, finished with a mixer so that close inputs differ in every bit.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let folded = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    mix(folded)
}

/// Hash of a text and a number, for values that vary by position.
pub(crate) fn hash_with(text: &str, salt: u64) -> u64 {
    mix(hash(text.as_bytes()) ^ mix(salt))
}

fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A reproducible sequence of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// One of the given values; the first of an empty choice is the default.
    pub(crate) fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        let count = u64::try_from(choices.len()).unwrap_or(1).max(1);
        let at = usize::try_from(self.roll() % count).unwrap_or(0);
        choices.get(at).copied().unwrap_or_default()
    }

    /// Characters of the url-safe base64 alphabet.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..count).map(|_| char::from(self.pick(ALPHABET))).collect()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.roll().to_le_bytes()[0]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_repeat_themselves_and_differ_by_seed() {
        assert_eq!(Dice::new(1).letters(40), Dice::new(1).letters(40));
        assert_ne!(Dice::new(1).letters(40), Dice::new(2).letters(40));
        assert_ne!(hash_with("a", 0), hash_with("a", 1));
    }
}
