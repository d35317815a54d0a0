//! The Pacific day, in which Google counts daily quotas (wire.md §14).

use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, Zoned};

/// A day in Los Angeles, as days since 1970-01-01.
pub(crate) fn pacific_day(now_ms: i64) -> i64 {
    pacific(now_ms).map_or(0, |now| {
        let epoch = jiff::civil::date(1970, 1, 1);
        i64::from(now.date().since(epoch).map_or(0, |span| span.get_days()))
    })
}

/// The instant of the next midnight in Los Angeles.
pub(crate) fn next_pacific_midnight_ms(now_ms: i64) -> i64 {
    let midnight = pacific(now_ms)
        .and_then(|now| now.date().tomorrow().ok())
        .and_then(|date| date.to_zoned(los_angeles()).ok());
    midnight.map_or(now_ms, |zoned| zoned.timestamp().as_millisecond())
}

fn pacific(now_ms: i64) -> Option<Zoned> {
    Timestamp::from_millisecond(now_ms).ok().map(|now| now.to_zoned(los_angeles()))
}

fn los_angeles() -> TimeZone {
    TimeZone::get("America/Los_Angeles").unwrap_or_else(|_| TimeZone::fixed(tz::offset(-8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn the_day_turns_at_los_angeles_midnight_in_winter_and_summer() {
        for (before, after) in [
            ("2026-11-22T07:59:59.999Z", "2026-11-22T08:00:00Z"),
            ("2026-07-01T06:59:59.999Z", "2026-07-01T07:00:00Z"),
            // The night in which daylight saving ends has 25 hours.
            ("2026-11-02T07:59:59.999Z", "2026-11-02T08:00:00Z"),
        ] {
            assert_eq!(pacific_day(ms(before)) + 1, pacific_day(ms(after)), "{before}");
            assert_eq!(next_pacific_midnight_ms(ms(before)), ms(after), "{before}");
        }
    }
}
