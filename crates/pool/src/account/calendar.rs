//! The days and months of users, in the time zone that the operator chose. Google's day is another matter.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use thiserror::Error;

use crate::Moment;

const DAY_MS: i64 = 86_400_000;
const MONTH_MS: i64 = 30 * DAY_MS;

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub start: Moment,
    /// The first moment after it.
    pub end: Moment,
}

/// A day and the month it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans {
    /// The day: 23, 24 or 25 hours.
    pub day: Span,
    /// The month.
    pub month: Span,
}

/// A time zone, from the database that comes with the program, so that the machine has no say.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A name that no time zone has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no time zone called `{0}`")]
pub struct UnknownZone(String);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The day and the month that hold `now`.
    pub fn spans(&self, now: Moment) -> Spans {
        self.civil(now).unwrap_or_else(|_| Spans { day: plain(now, DAY_MS), month: plain(now, MONTH_MS) })
    }

    /// A moment and its day and month.
    pub fn when(&self, now: Moment) -> super::When {
        super::When { now, spans: self.spans(now) }
    }

    fn civil(&self, now: Moment) -> Result<Spans, jiff::Error> {
        let start = Timestamp::from_millisecond(now.0)?.to_zoned(self.0.clone()).start_of_day()?;
        let first = start.first_of_month()?.start_of_day()?;
        let next = first.date().last_of_month().tomorrow()?.to_zoned(self.0.clone())?.start_of_day()?;
        Ok(Spans {
            day: Span { start: moment(&start), end: moment(&start.tomorrow()?.start_of_day()?) },
            month: Span { start: moment(&first), end: moment(&next) },
        })
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::UTC);
        }
        TimeZoneDatabase::bundled().get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn moment(time: &Zoned) -> Moment {
    Moment(time.timestamp().as_millisecond())
}

/// For moments beyond what the calendar knows (year 9999).
fn plain(now: Moment, length: i64) -> Span {
    let start = Moment(now.0.div_euclid(length).saturating_mul(length));
    Span { start, end: start.plus_ms(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn days_and_months_are_those_of_the_zone() {
        for (zone, now, day, month) in [
            (
                "UTC",
                "2026-11-22T20:00:00Z",
                ("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
                ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            ),
            (
                "Asia/Shanghai",
                "2026-11-30T16:00:00Z",
                ("2026-11-30T16:00:00Z", "2026-12-01T16:00:00Z"),
                ("2026-11-30T16:00:00Z", "2026-12-31T16:00:00Z"),
            ),
            (
                "Asia/Kolkata",
                "2026-12-31T18:29:59.999Z",
                ("2026-12-30T18:30:00Z", "2026-12-31T18:30:00Z"),
                ("2026-11-30T18:30:00Z", "2026-12-31T18:30:00Z"),
            ),
            // The clocks go back on this day, which has 25 hours, and in this month.
            (
                "America/Los_Angeles",
                "2026-11-01T12:00:00Z",
                ("2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
                ("2026-11-01T07:00:00Z", "2026-12-01T08:00:00Z"),
            ),
            // Midnight did not exist here: the day begins at one.
            (
                "America/Santiago",
                "2026-09-06T12:00:00Z",
                ("2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"),
                ("2026-09-01T04:00:00Z", "2026-10-01T03:00:00Z"),
            ),
        ] {
            let spans = zone.parse::<Zone>().unwrap().spans(at(now));
            let span = |(start, end): (&str, &str)| Span { start: at(start), end: at(end) };
            assert_eq!(spans, Spans { day: span(day), month: span(month) }, "{zone} {now}");
        }
        assert!("Mars/Base".parse::<Zone>().is_err());
        assert_eq!("utc".parse::<Zone>().unwrap().to_string(), "UTC");
        assert_eq!("Asia/Shanghai".parse::<Zone>().unwrap().to_string(), "Asia/Shanghai");
    }

    #[test]
    fn spans_follow_each_other_without_gaps() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let mut spans = zone.spans(at("2024-01-01T12:00:00Z"));
        for _ in 0..1_000 {
            let next = zone.spans(spans.day.end);
            assert_eq!(next.day.start, spans.day.end);
            let same = next.month == spans.month;
            assert!(same || (next.month.start == spans.month.end && next.day.start == next.month.start));
            assert_eq!(zone.spans(next.day.end.plus_ms(-1)), next);
            spans = next;
        }
    }
}
