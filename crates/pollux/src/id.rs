//! Ids, dice and random bytes: the only place where chance comes in.
//!
//! What may be decided either way (which of two equals, how long a pause, what an id ends with) is decided by [`Dice`],
//! which are an argument as the clock is, so that a run can be repeated. Secrets are made of the system's bytes alone.
//!
//! Invariant: nothing else in the program asks the system for randomness.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Moment;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The step of the sequence (the golden ratio, as in SplitMix64).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A sequence of numbers without a pattern, for choices that may fall either way. Not for secrets: who sees some of
/// them can work out the rest. Clones draw from the same sequence; drawing takes no lock and asks nobody.
#[derive(Clone)]
pub struct Dice(Arc<AtomicU64>);

impl Dice {
    /// Dice that fall differently at each start.
    pub fn of_system() -> Self {
        Self::seeded(u64::from_le_bytes(bytes()))
    }

    /// Dice that fall the same way for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// The next 64 bits.
    pub fn roll(&self) -> u64 {
        mix(self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP))
    }

    /// The next 128 bits.
    pub fn seed(&self) -> u128 {
        (u128::from(self.roll()) << 64) | u128::from(self.roll())
    }

    /// A new id: `prefix_` and 20 characters, ordered by time, never reused.
    pub fn id(&self, prefix: &str, now: Moment) -> String {
        spell(prefix, now, self.roll())
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Dice")
    }
}

/// SplitMix64's finish: every bit of the result hangs on every bit of the value.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A new row id of the same form, for those who have no dice.
pub fn new(prefix: &str, now: Moment) -> String {
    spell(prefix, now, u64::from_le_bytes(bytes()))
}

fn spell(prefix: &str, now: Moment, chance: u64) -> String {
    let time = u128::from(now.0.cast_unsigned() & ((1 << 48) - 1));
    let bits = (time << 52) | u128::from(chance & ((1 << 52) - 1));
    let mut id = String::with_capacity(prefix.len() + 21);
    id.push_str(prefix);
    id.push('_');
    id.extend((0..20).rev().map(|place| char::from(ALPHABET[(bits >> (place * 5)) as usize & 31])));
    id
}

/// Random bytes from the operating system.
///
/// # Panics
/// If it has none to give: better no gateway than guessable keys and repeated nonces.
#[expect(clippy::expect_used, reason = "without randomness no secret is safe")]
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
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
    fn dice_repeat_themselves_for_a_seed_and_only_then() {
        let rolls = |dice: &Dice| [dice.roll(), dice.clone().roll(), dice.roll()];
        assert_eq!(rolls(&Dice::seeded(7)), rolls(&Dice::seeded(7)));
        assert_ne!(rolls(&Dice::seeded(7)), rolls(&Dice::seeded(8)));
        assert_ne!(Dice::of_system().seed(), Dice::of_system().seed());
        // The first number of SplitMix64 as its authors publish it.
        assert_eq!(Dice::seeded(1_234_567).roll(), 6_457_827_717_110_365_317);
        let id = Dice::seeded(7).id("key", Moment(1_000));
        assert_eq!(id, Dice::seeded(7).id("key", Moment(1_000)));
        assert_eq!(id.len(), new("key", Moment(1_000)).len());
    }

    #[test]
    fn letters_are_as_many_as_asked() {
        assert_eq!(letters(48).len(), 48);
        assert_ne!(letters(48), letters(48));
    }
}
