//! `x-ratelimit-*`: how a user stands, in OpenAI's words (`wire.md` §10.3).
//!
//! Two groups, requests and tokens. A user may have several limits in each; the one with the least left is told.

use http::{HeaderMap, HeaderName, HeaderValue};
use pool::account::{Limit, Standing};

use crate::clock::Moment;

/// Limits that count requests.
pub(super) const REQUESTS: &[Limit] = &[Limit::Rpm, Limit::Rpd];

/// Limits that count tokens.
pub(super) const TOKENS: &[Limit] = &[Limit::Tpm, Limit::TokensDay, Limit::TokensMonth, Limit::TokensTotal];

const REQUEST_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];

const TOKEN_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];

/// Tells how a user stands. What is not limited is not told.
pub(super) fn note(headers: &mut HeaderMap, standing: &[Standing], now: Moment) {
    for (limits, [limit, remaining, reset]) in [(REQUESTS, REQUEST_HEADERS), (TOKENS, TOKEN_HEADERS)] {
        let Some(tightest) = tightest(standing, limits) else { continue };
        headers.insert(limit, HeaderValue::from(tightest.cap));
        headers.insert(remaining, HeaderValue::from(tightest.remaining()));
        if let Some(Ok(at)) = tightest.resets.map(|at| HeaderValue::from_str(&span(at.since(now)))) {
            headers.insert(reset, at);
        }
    }
}

/// The one of these limits that has the least left.
pub(super) fn tightest<'a>(standing: &'a [Standing], limits: &[Limit]) -> Option<&'a Standing> {
    let told = standing.iter().filter(|standing| limits.contains(&standing.limit));
    told.min_by_key(|standing| (standing.remaining(), std::cmp::Reverse(resets(standing))))
}

fn resets(standing: &Standing) -> Moment {
    standing.resets.unwrap_or(Moment::NEVER)
}

/// A stretch of time as OpenAI writes it: `120ms`, `1s`, `6m0s`, `1h0m0s`. Seconds are rounded up.
fn span(ms: i64) -> String {
    let ms = ms.max(0);
    if ms == 0 {
        return "0s".to_owned();
    }
    if ms < 1_000 {
        return format!("{ms}ms");
    }
    let seconds = (ms + 999) / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_795_377_600_000);

    fn stand(limit: Limit, cap: u64, used: u64, resets_in: Option<i64>) -> Standing {
        Standing { limit, cap, used, resets: resets_in.map(|ms| NOW.plus_ms(ms)) }
    }

    fn told(standing: &[Standing]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        note(&mut headers, standing, NOW);
        let told = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let mut told: Vec<String> = told.map(|line| line.replace("x-ratelimit-", "")).collect();
        told.sort();
        told
    }

    #[test]
    fn spans_are_written_as_openai_writes_them() {
        for (ms, text) in [
            (-5, "0s"),
            (0, "0s"),
            (1, "1ms"),
            (999, "999ms"),
            (1_000, "1s"),
            (1_001, "2s"),
            (59_999, "1m0s"),
            (360_000, "6m0s"),
            (3_600_000, "1h0m0s"),
            (86_399_001, "24h0m0s"),
            (5_025_000, "1h23m45s"),
        ] {
            assert_eq!(span(ms), text, "{ms}");
        }
    }

    #[test]
    fn the_limit_with_the_least_left_is_told() {
        assert!(told(&[]).is_empty());
        assert!(
            told(&[stand(Limit::Concurrency, 5, 1, None), stand(Limit::CostDay, 5, 1, Some(9))]).is_empty()
        );
        let standing = [
            stand(Limit::Rpm, 10, 3, Some(60_000)),
            stand(Limit::Rpd, 100, 99, Some(3_600_000)),
            stand(Limit::TokensTotal, 50, 80, None),
        ];
        assert_eq!(
            told(&standing),
            [
                "limit-requests: 100",
                "limit-tokens: 50",
                "remaining-requests: 1",
                "remaining-tokens: 0",
                "reset-requests: 1h0m0s"
            ]
        );
    }
}
