//! Which format an `Accept` header asks for.

use crate::telemetry::Exposition;

/// The text format that is asked for, or none for JSON: what weighs most wins, among equals what comes first.
///
/// Only a format that is named counts. Scripts that send `*/*`, or nothing, have always been given JSON.
pub(super) fn wanted(accept: &str) -> Option<Exposition> {
    let mut best: Option<(f32, Option<Exposition>)> = None;
    for range in accept.split(',') {
        let mut pieces = range.split(';').map(str::trim);
        let format = match pieces.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/openmetrics-text" => Some(Exposition::OpenMetrics),
            "text/plain" => Some(Exposition::Prometheus),
            "application/json" => None,
            _ => continue,
        };
        let weight = pieces.find_map(|piece| piece.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
        if weight > best.map_or(0.0, |(heaviest, _)| heaviest) {
            best = Some((weight, format));
        }
    }
    best.and_then(|(_, format)| format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_format_that_is_named_wins() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;\
            q=0.3,*/*;q=0.2";
        for (accept, expected) in [
            ("", None),
            ("*/*", None),
            ("text/html,application/xhtml+xml,*/*;q=0.8", None),
            ("application/json, text/plain, */*", None),
            ("text/plain", Some(Exposition::Prometheus)),
            ("Text/Plain; version=0.0.4", Some(Exposition::Prometheus)),
            ("application/json;q=0.1, text/plain", Some(Exposition::Prometheus)),
            ("text/plain;q=0", None),
            (prometheus, Some(Exposition::OpenMetrics)),
        ] {
            assert_eq!(wanted(accept), expected, "{accept}");
        }
    }
}
