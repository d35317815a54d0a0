//! What the pool can give until a moment: the arithmetic behind an honest refusal.

use crate::Moment;

/// Nobody is refused for being a little late, for those ahead may give up; this late is surely too late.
const DOUBT: u64 = 2;

/// What the pool can give a waiting call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The earliest moment with room.
    pub opens: Moment,
    /// How many calls like this one find room until `by` at most; `None` if that is not known or without bound.
    pub slots: Option<u64>,
    /// Until when `slots` were counted.
    pub by: Moment,
}

impl Outlook {
    /// Nothing is known: everybody may wait.
    pub const UNKNOWN: Self = Self { opens: Moment(i64::MIN), slots: None, by: Moment(i64::MIN) };

    /// When the turn of a call comes that has so many before it, at the rate of the known openings.
    pub fn turn_of(&self, ahead: u64, now: Moment) -> Moment {
        let span = u128::try_from(self.by.since(now)).unwrap_or(0);
        let turn = match self.slots {
            None => now,
            Some(0) => self.by,
            Some(slots) => {
                let wait = (u128::from(ahead) + 1) * span / u128::from(slots);
                now.plus_ms(i64::try_from(wait).unwrap_or(i64::MAX))
            }
        };
        turn.max(self.opens).max(now)
    }

    /// Whether a call with so many before it will surely not be served.
    pub(super) fn is_hopeless(&self, ahead: u64) -> bool {
        self.slots.is_some_and(|slots| ahead > slots.saturating_mul(DOUBT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_turn_comes_at_the_rate_of_the_openings() {
        let outlook = |opens, slots| Outlook { opens: Moment(opens), slots, by: Moment(11_000) };
        for (outlook, ahead, expected) in [
            (outlook(2_000, Some(10)), 0, 2_000),
            (outlook(2_000, Some(10)), 4, 6_000),
            (outlook(2_000, Some(10)), 19, 21_000),
            (outlook(60_000, Some(0)), 0, 60_000),
            (outlook(0, None), 500, 1_000),
        ] {
            assert_eq!(outlook.turn_of(ahead, Moment(1_000)), Moment(expected), "{outlook:?} {ahead}");
        }
        assert_eq!(Outlook::UNKNOWN.turn_of(7, Moment(5)), Moment(5));
    }

    #[test]
    fn twice_the_openings_may_hope() {
        let outlook = Outlook { opens: Moment(0), slots: Some(80), by: Moment(10_000) };
        assert!(!outlook.is_hopeless(160) && outlook.is_hopeless(161));
        assert!(!Outlook::UNKNOWN.is_hopeless(u64::MAX));
    }
}
