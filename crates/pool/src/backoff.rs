//! Waits that double up to a cap, and the jitter that keeps many of them apart.

use thiserror::Error;

/// A doubling wait: `first`, twice that, … never more than `cap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first_ms: i64,
    cap_ms: i64,
}

/// Why a back-off was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a back-off needs 0 < first ({first_ms} ms) ≤ cap ({cap_ms} ms)")]
pub struct BackoffError {
    first_ms: i64,
    cap_ms: i64,
}

impl Backoff {
    /// What `wire.md` §9.3 gives a throttled bucket: 5, 10, 20 … 300 s.
    pub const THROTTLED: Self = Self { first_ms: 5_000, cap_ms: 300_000 };
    /// What a model incident gets: 5, 10, 20 … 60 s.
    pub const INCIDENT: Self = Self { first_ms: 5_000, cap_ms: 60_000 };

    /// A back-off from `first_ms` up to `cap_ms`.
    pub const fn new(first_ms: i64, cap_ms: i64) -> Result<Self, BackoffError> {
        if first_ms <= 0 || cap_ms < first_ms {
            return Err(BackoffError { first_ms, cap_ms });
        }
        Ok(Self { first_ms, cap_ms })
    }

    /// The wait after `step` earlier failures in a row.
    pub fn after(self, step: u8) -> i64 {
        let factor = 1_i64.checked_shl(u32::from(step.min(62))).unwrap_or(i64::MAX);
        self.first_ms.saturating_mul(factor).min(self.cap_ms)
    }
}

/// A number in `0..=max`, spread evenly over seeds.
pub fn jitter(seed: u64, max: u32) -> i64 {
    let span = u64::from(max) + 1;
    i64::try_from(mix(seed) % span).unwrap_or(0)
}

/// One step of splitmix64: unlike seeds give unrelated numbers.
pub(crate) const fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_throttled_bucket_waits_five_ten_twenty_up_to_five_minutes() {
        let waits: Vec<_> = (0..9).map(|step| Backoff::THROTTLED.after(step) / 1_000).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Backoff::new(0, 5).is_err());
        assert!(Backoff::new(10, 5).is_err());
        assert!(Backoff::new(5, 5).is_ok());
    }

    proptest! {
        #[test]
        fn never_shrinks_and_never_passes_its_cap(first in 1..100_000_i64, more in 0..1_000_000_i64, step in 0..=254_u8) {
            let backoff = Backoff::new(first, first + more).unwrap();
            prop_assert!(backoff.after(step) <= backoff.after(step + 1));
            prop_assert!((first..=first + more).contains(&backoff.after(step)));
        }

        #[test]
        fn jitter_stays_inside(seed: u64, max: u32) {
            prop_assert!((0..=i64::from(max)).contains(&jitter(seed, max)));
        }
    }
}
