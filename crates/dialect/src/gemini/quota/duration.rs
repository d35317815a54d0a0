//! Durations as Google writes them: `26s`, and in messages Go's `1m12s`, `55.8s`, `5.2ms`, `23h59m59.9s`.

use std::time::Duration;

/// Nanoseconds of each unit, longer names first.
const UNITS: [(&str, u128); 8] = [
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// Reads a whole text as a duration.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let (nanos, rest) = leading(text.trim())?;
    if rest.is_empty() { duration(nanos) } else { None }
}

/// Reads the duration a text begins with; what follows is ignored.
pub(super) fn parse_prefix(text: &str) -> Option<Duration> {
    leading(text.trim_start()).and_then(|(nanos, _)| duration(nanos))
}

fn duration(nanos: u128) -> Option<Duration> {
    u64::try_from(nanos).ok().map(Duration::from_nanos)
}

fn leading(text: &str) -> Option<(u128, &str)> {
    let (mut nanos, mut rest) = term(text)?;
    while let Some((more, after)) = term(rest) {
        nanos = nanos.checked_add(more)?;
        rest = after;
    }
    Some((nanos, rest))
}

/// One number and its unit.
fn term(text: &str) -> Option<(u128, &str)> {
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(number_end);
    let (unit, scale) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanos = whole.checked_mul(*scale)?;
    let mut digit_scale = *scale;
    for digit in fraction.chars() {
        digit_scale /= 10;
        nanos = nanos.checked_add(u128::from(digit.to_digit(10)?) * digit_scale)?;
    }
    rest.strip_prefix(unit).map(|after| (nanos, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_and_protobuf_durations() {
        for (text, millis) in [
            ("26s", Some(26_000)),
            ("0s", Some(0)),
            ("55.812s", Some(55_812)),
            ("1m12s", Some(72_000)),
            ("5.2ms", Some(5)),
            ("23h59m59.5s", Some(86_399_500)),
            ("1h", Some(3_600_000)),
            ("250ms", Some(250)),
            (".5s", Some(500)),
            ("900µs", Some(0)),
            ("", None),
            ("s", None),
            (".s", None),
            ("12", None),
            ("12 s", None),
            ("1m12s later", None),
            ("-3s", None),
            ("1.2.3s", None),
            ("99999999999999999999999999999999999999999s", None),
            ("999999999999h", None),
        ] {
            assert_eq!(parse(text).map(|duration| duration.as_millis()), millis, "{text}");
        }
        assert_eq!(parse("5.237548564s"), Some(Duration::from_nanos(5_237_548_564)));
        assert_eq!(parse_prefix(" 55.8s.\nMore"), Some(Duration::from_millis(55_800)));
        assert_eq!(parse_prefix("1m12s. "), Some(Duration::from_secs(72)));
        assert_eq!(parse_prefix("soon"), None);
    }
}
