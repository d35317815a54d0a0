//! When a model's day quota runs dry at the present rate.

use serde::{Deserialize, Serialize};

use crate::Moment;

/// What a forecast needs to know of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burn {
    /// Requests per day, of the buckets whose limit is known.
    pub capacity: u64,
    /// What is left of that.
    pub left: u64,
    /// Ready buckets without a known day limit.
    pub unlimited: u64,
    /// Requests made today.
    pub used: u64,
    /// Requests in the last minute.
    pub last_minute: u64,
}

/// A rate: so many requests in so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub requests: u64,
    /// In so many milliseconds.
    pub over_ms: u64,
}

/// What becomes of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outlook", rename_all = "snake_case")]
pub enum Forecast {
    /// It lasts until midnight, with so many requests to spare.
    Lasts {
        /// Requests left over at midnight.
        spare: u64,
    },
    /// It runs dry before midnight.
    Dry {
        /// When.
        at: Moment,
        /// Requests that midnight would still need.
        short: u64,
    },
    /// A bucket without a known limit serves: nothing can be said.
    Open,
}

impl Burn {
    /// Adds a project's day: its limit if it is known, what it has used today and in the last minute, and whether Google
    /// closed it for the day, after which nothing is left whatever we counted.
    pub fn add(&mut self, limit: Option<u64>, used: u64, last_minute: u64, closed: bool) {
        match limit {
            Some(limit) => {
                self.capacity += limit;
                self.left += if closed { 0 } else { limit.saturating_sub(used) };
            }
            None => self.unlimited += u64::from(!closed),
        }
        self.used += used;
        self.last_minute += last_minute;
    }

    /// Counts another model's day with this one's.
    pub fn absorb(&mut self, other: &Self) {
        let Self { capacity, left, unlimited, used, last_minute } = other;
        self.capacity += capacity;
        self.left += left;
        self.unlimited += unlimited;
        self.used += used;
        self.last_minute += last_minute;
    }

    /// The present rate: that of the last minute, or of the day so far if the minute was quiet.
    pub fn rate(&self, now: Moment, day_began: Moment) -> Rate {
        if self.last_minute > 0 {
            return Rate { requests: self.last_minute, over_ms: 60_000 };
        }
        Rate { requests: self.used, over_ms: u64::try_from(now.since(day_began)).unwrap_or(0).max(60_000) }
    }

    /// What becomes of the rest of the day, which ends at `day_ends`, at this rate.
    pub fn forecast(&self, rate: Rate, now: Moment, day_ends: Moment) -> Forecast {
        if self.unlimited > 0 {
            return Forecast::Open;
        }
        let rest = u128::try_from(day_ends.since(now)).unwrap_or(0);
        let over = u128::from(rate.over_ms.max(1));
        let needed = (u128::from(rate.requests) * rest).div_ceil(over);
        let left = u128::from(self.left);
        if needed <= left {
            return Forecast::Lasts { spare: narrow(left - needed) };
        }
        let lasts_ms = left * over / u128::from(rate.requests.max(1));
        let at = now.plus_ms(i64::try_from(lasts_ms).unwrap_or(i64::MAX));
        Forecast::Dry { at, short: narrow(needed - left) }
    }

    /// How many more projects, each with so many requests a day, would carry the day to its end.
    pub fn projects_needed(forecast: Forecast, per_project: u64) -> u64 {
        match forecast {
            Forecast::Dry { short, .. } => short.div_ceil(per_project.max(1)),
            Forecast::Lasts { .. } | Forecast::Open => 0,
        }
    }
}

fn narrow(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn the_day_lasts_or_runs_dry() {
        let burn = Burn { capacity: 100, left: 60, ..Burn::default() };
        for (requests, over_min, expected) in [
            (0, 10, Forecast::Lasts { spare: 60 }),
            (1, 10, Forecast::Lasts { spare: 0 }),
            (2, 10, Forecast::Dry { at: Moment(5 * HOUR), short: 60 }),
            (10, 1, Forecast::Dry { at: Moment(HOUR / 10), short: 5_940 }),
        ] {
            let rate = Rate { requests, over_ms: over_min * 60_000 };
            assert_eq!(burn.forecast(rate, Moment(0), Moment(10 * HOUR)), expected, "{requests}/{over_min}");
        }
    }

    #[test]
    fn the_present_rate_is_that_of_the_minute_or_else_of_the_day() {
        let (now, began) = (Moment(10 * HOUR), Moment(0));
        for (last_minute, used, expected) in
            [(5, 90, (5, 60_000)), (0, 90, (90, 36_000_000)), (0, 0, (0, 36_000_000))]
        {
            let burn = Burn { used, last_minute, ..Burn::default() };
            let Rate { requests, over_ms } = burn.rate(now, began);
            assert_eq!((requests, over_ms), expected);
        }
        let burn = Burn { used: 4, ..Burn::default() };
        assert_eq!(burn.rate(Moment(1), began).over_ms, 60_000, "just after midnight");
    }

    #[test]
    fn an_unknown_limit_allows_no_forecast() {
        let burn = Burn { unlimited: 1, ..Burn::default() };
        let rate = Rate { requests: 1, over_ms: 1 };
        assert_eq!(burn.forecast(rate, Moment(0), Moment(HOUR)), Forecast::Open);
    }

    #[test]
    fn says_how_many_projects_would_help() {
        let dry = Forecast::Dry { at: Moment(0), short: 41 };
        assert_eq!(Burn::projects_needed(dry, 20), 3);
        assert_eq!(Burn::projects_needed(Forecast::Lasts { spare: 1 }, 20), 0);
    }

    proptest! {
        #[test]
        fn more_calls_never_last_longer(left in 0..10_000_u64, requests in 1..1_000_u64, rest in 1..100_000_000_i64) {
            let burn = Burn { left, ..Burn::default() };
            let dry = |requests| match burn.forecast(Rate { requests, over_ms: 60_000 }, Moment(0), Moment(rest)) {
                Forecast::Dry { at, .. } => at,
                _ => Moment(rest),
            };
            prop_assert!(dry(requests + 1) <= dry(requests));
            prop_assert!(dry(requests) <= Moment(rest));
        }
    }
}
