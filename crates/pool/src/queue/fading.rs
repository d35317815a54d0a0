//! Amounts that count for less as time goes by: half as much after every [`HALF_MS`].
//!
//! Nothing is ever made smaller for that: what is added later is made larger instead, so that the order of sums does not
//! change while nobody adds to them. Once in a while everything is shifted down again.
//!
//! Invariant: pure; a sum of weighed amounts divided by the present weight is the faded sum.

use crate::Moment;

/// After so long an amount counts half.
pub(super) const HALF_MS: i64 = 300_000;
/// After so many halvings the sums are shifted down.
const SHIFT_AFTER: i64 = 16;

/// The weight of what is added now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fading {
    /// When the weight was 1; nothing was added before the first.
    from: Option<Moment>,
    seen: Moment,
}

impl Fading {
    /// Moves on, never back. By so many bits every sum must be shifted down; mostly 0.
    pub(super) fn turn_to(&mut self, now: Moment) -> u32 {
        let from = *self.from.get_or_insert(now);
        self.seen = if self.seen < from { now } else { self.seen.max(now) };
        let halvings = self.seen.since(from) / HALF_MS;
        if halvings < SHIFT_AFTER {
            return 0;
        }
        self.from = Some(from.plus_ms(halvings * HALF_MS));
        u32::try_from(halvings).unwrap_or(u32::MAX)
    }

    /// What an amount adds now.
    pub(super) fn weigh(&self, amount: u64) -> u64 {
        let age = self.from.map_or(0, |from| self.seen.since(from).clamp(0, SHIFT_AFTER * HALF_MS));
        let (halvings, part) = (age / HALF_MS, age % HALF_MS);
        // Between two halvings the weight grows evenly: close to the curve, and exact in integers.
        let weight = u128::from((HALF_MS + part).unsigned_abs()) << halvings;
        let added = u128::from(amount) * weight / u128::from(HALF_MS.unsigned_abs());
        u64::try_from(added).unwrap_or(u64::MAX)
    }
}

/// A sum after [`Fading::turn_to`].
pub(super) fn shifted(sum: u64, bits: u32) -> u64 {
    sum.checked_shr(bits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_added_a_half_life_later_counts_twice() {
        let mut fading = Fading::default();
        assert_eq!((fading.turn_to(Moment(1_000)), fading.weigh(100)), (0, 100));
        assert_eq!((fading.turn_to(Moment(1_000 + HALF_MS)), fading.weigh(100)), (0, 200));
        assert_eq!((fading.turn_to(Moment(0)), fading.weigh(100)), (0, 200));
        assert_eq!((fading.turn_to(Moment(1_000 + 20 * HALF_MS)), fading.weigh(100)), (20, 100));
        assert_eq!((shifted(1 << 20, 20), shifted(5, 64), shifted(5, u32::MAX)), (1, 0, 0));
    }

    proptest! {
        /// However time goes on, a sum fades like the plain formula, to within the straight line between two halvings.
        #[test]
        fn sums_fade_like_the_formula(steps in prop::collection::vec((0..400_000_i64, 0..50_u32), 1..200)) {
            let (mut fading, mut now, mut sum, mut plain) = (Fading::default(), 0, 0_u64, 0.0_f64);
            for (wait, amount) in steps {
                now += wait;
                plain *= 0.5_f64.powf(f64::from(i32::try_from(wait).unwrap()) / 300_000.0);
                plain += f64::from(amount);
                let bits = fading.turn_to(Moment(now));
                sum = shifted(sum, bits) + fading.weigh(u64::from(amount) << 20);
                let unit = fading.weigh(1 << 20);
                #[expect(clippy::cast_precision_loss, reason = "compared to a tenth")]
                let faded = sum as f64 / unit as f64;
                prop_assert!((faded - plain).abs() <= 0.1 * plain + 0.1, "{faded} {plain}");
            }
        }
    }
}
