//! From the written text to a value, one function per kind. Each refusal says what would be right.

use std::time::Duration;

use super::problem::Bad;

/// A year is longer than any wait here, and short enough to be added to any clock.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// A stretch of time as settings write it: `0`, `500ms`, `10s`, `2m`, `1h`; a bare number is in `unit`.
pub fn span(text: &str, unit: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, written) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match if written.is_empty() { unit } else { written.trim() } {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" | "min" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
    .filter(|span| *span <= LONGEST)
}

/// The same, written back.
pub(super) fn written(span: Duration) -> String {
    let ms = span.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    match units.into_iter().find(|(length, _)| ms > 0 && ms.is_multiple_of(*length)) {
        Some((length, unit)) => format!("{}{unit}", ms / length),
        None if ms == 0 => "0s".to_owned(),
        None => format!("{ms}ms"),
    }
}

pub(super) fn time(text: &str, least_ms: u64, unit: &str) -> Result<Duration, Bad> {
    let found = span(text, unit).filter(|span| *span >= Duration::from_millis(least_ms));
    found.ok_or_else(|| match (least_ms, unit) {
        (0, "m") => Bad::new("is not a number of minutes", "write for example 14, or 0 for never"),
        (0, _) => Bad::new("is not a time", "write for example 0, 500ms, 10s or 2m"),
        (1, _) => Bad::new("is not a time above zero", "write for example 500ms, 10s, 2m or 1h"),
        (least, _) => Bad::new(
            format!("is not a time of at least {}", written(Duration::from_millis(least))),
            "write for example 500ms, 10s, 2m or 1h",
        ),
    })
}

pub(super) fn time_or_off(text: &str, least_ms: u64) -> Result<Option<Duration>, Bad> {
    if text == "off" {
        return Ok(None);
    }
    let least = written(Duration::from_millis(least_ms));
    let bad =
        || Bad::new(format!("is neither off nor at least {least}"), "write for example off, 500ms or 5s");
    span(text, "s").filter(|span| *span >= Duration::from_millis(least_ms)).map(Some).ok_or_else(bad)
}

pub(super) fn switch(text: &str) -> Result<bool, Bad> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Ok(true),
        "off" | "false" | "no" | "0" => Ok(false),
        _ => Err(Bad::new("is neither on nor off", "write on or off")),
    }
}

pub(super) fn whole(text: &str, least: i64, most: i64) -> Result<i64, Bad> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number
        .ok_or_else(|| Bad::new(format!("is not a whole number from {least} to {most}"), "write digits only"))
}

pub(super) fn model(text: &str) -> Result<String, Bad> {
    let name = text.strip_prefix("models/").unwrap_or(text);
    if name.is_empty()
        || name.len() > 200
        || name.contains(|c: char| !c.is_ascii_alphanumeric() && !"-._".contains(c))
    {
        return Err(Bad::new("is not the name of a model", "write for example gemini-3.8-flash"));
    }
    Ok(String::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_is_read() {
        for text in ["0s", "1ms", "1500ms", "10s", "90s", "2m", "14m", "1h", "25h"] {
            assert_eq!(written(span(text, "s").unwrap()), text);
        }
        assert_eq!(written(span("120", "s").unwrap()), "2m");
        for wrong in ["", "s", "-1s", "1.5s", "10 parsecs", "9999999h", "18446744073709551616"] {
            assert_eq!(span(wrong, "s"), None, "{wrong}");
        }
    }
}
