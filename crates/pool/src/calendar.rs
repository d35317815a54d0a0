//! The Pacific calendar: Google's day quotas begin anew at midnight in Los Angeles (`wire.md` §9.2, §14).

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::{self, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

use crate::Moment;

const DAY_MS: i64 = 86_400_000;

/// From the bundled database, so that the answer does not depend on the machine. The fallback is never taken.
static PACIFIC: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled().get("America/Los_Angeles").unwrap_or_else(|_| TimeZone::fixed(tz::offset(-8)))
});

/// One day in Los Angeles: 23, 24 or 25 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacificDay {
    /// Days from 1970-01-01 to this date.
    pub number: i32,
    /// Its first moment.
    pub start: Moment,
    /// The first moment of the next day.
    pub end: Moment,
}

impl PacificDay {
    /// The day that holds `now`.
    pub fn of(now: Moment) -> Self {
        civil(now).unwrap_or_else(|_| plain(now))
    }

    /// Whether `now` is in this day.
    pub const fn contains(&self, now: Moment) -> bool {
        self.start.0 <= now.0 && now.0 < self.end.0
    }
}

/// The next midnight in Los Angeles, strictly after `now`.
pub fn next_midnight(now: Moment) -> Moment {
    PacificDay::of(now).end
}

/// The date in Los Angeles.
pub fn date(now: Moment) -> Date {
    zoned(now).map_or(Date::ZERO, |zoned| zoned.date())
}

/// The date of a [`PacificDay::number`].
pub fn date_of(number: i32) -> Date {
    Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(number))
}

fn zoned(now: Moment) -> Result<Zoned, jiff::Error> {
    Ok(Timestamp::from_millisecond(now.0)?.to_zoned(PACIFIC.clone()))
}

fn civil(now: Moment) -> Result<PacificDay, jiff::Error> {
    let start = zoned(now)?.start_of_day()?;
    let end = start.tomorrow()?.start_of_day()?;
    let utc = start.date().to_zoned(TimeZone::UTC)?.timestamp().as_millisecond();
    Ok(PacificDay {
        number: i32::try_from(utc.div_euclid(DAY_MS)).unwrap_or(i32::MAX),
        start: Moment(start.timestamp().as_millisecond()),
        end: Moment(end.timestamp().as_millisecond()),
    })
}

/// For moments beyond what the calendar knows (year 9999): days of 24 hours.
fn plain(now: Moment) -> PacificDay {
    let number = now.0.div_euclid(DAY_MS);
    let start = Moment(number.saturating_mul(DAY_MS));
    PacificDay { number: i32::try_from(number).unwrap_or(i32::MAX), start, end: start.plus_ms(DAY_MS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn midnight_follows_the_clock_change() {
        for (now, midnight, hours) in [
            ("2026-03-07T20:00:00Z", "2026-03-08T08:00:00Z", 24),
            ("2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z", 23), // spring forward at 10:00Z
            ("2026-03-08T09:59:59.999Z", "2026-03-09T07:00:00Z", 23),
            ("2026-03-08T10:00:00Z", "2026-03-09T07:00:00Z", 23),
            ("2026-03-09T06:59:59.999Z", "2026-03-09T07:00:00Z", 23),
            ("2026-03-09T07:00:00Z", "2026-03-10T07:00:00Z", 24),
            ("2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z", 25), // fall back at 09:00Z
            ("2026-11-01T08:30:00Z", "2026-11-02T08:00:00Z", 25),
            ("2026-11-01T09:30:00Z", "2026-11-02T08:00:00Z", 25),
            ("2026-11-02T08:00:00Z", "2026-11-03T08:00:00Z", 24),
            ("2026-12-31T23:00:00Z", "2027-01-01T08:00:00Z", 24),
        ] {
            let day = PacificDay::of(at(now));
            assert_eq!(day.end, at(midnight), "{now}");
            assert_eq!(next_midnight(at(now)), at(midnight), "{now}");
            assert_eq!(day.end.since(day.start), hours * 3_600_000, "{now}");
            assert!(day.contains(at(now)) && !day.contains(day.end), "{now}");
        }
    }

    #[test]
    fn the_date_is_that_of_los_angeles() {
        for (now, expected) in [
            ("2026-03-08T07:59:59Z", "2026-03-07"),
            ("2026-03-08T08:00:00Z", "2026-03-08"),
            ("2026-03-09T06:59:59Z", "2026-03-08"),
            ("2026-11-01T06:59:59Z", "2026-10-31"),
            ("2026-11-02T07:59:59Z", "2026-11-01"),
            ("2026-11-02T08:00:00Z", "2026-11-02"),
        ] {
            assert_eq!(date(at(now)).to_string(), expected, "{now}");
        }
    }

    #[test]
    fn a_number_has_its_date() {
        for now in
            ["2026-03-08T07:59:59Z", "2026-03-08T08:00:00Z", "2026-11-02T07:59:59Z", "1969-12-30T12:00:00Z"]
        {
            assert_eq!(date_of(PacificDay::of(at(now)).number), date(at(now)), "{now}");
        }
    }

    #[test]
    fn days_are_numbered_without_gaps_over_ten_years() {
        let mut day = PacificDay::of(at("2024-01-01T12:00:00Z"));
        assert_eq!(day.number, 19_723);
        for _ in 0..3_653 {
            let next = PacificDay::of(day.end);
            assert_eq!((next.number, next.start), (day.number + 1, day.end));
            day = next;
        }
    }

    #[test]
    fn the_edges_of_time_have_days_too() {
        for now in [Moment(i64::MIN), Moment(0), Moment(i64::MAX - 1)] {
            assert!(PacificDay::of(now).end >= PacificDay::of(now).start);
        }
    }
}
