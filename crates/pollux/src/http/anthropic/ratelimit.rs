//! `anthropic-ratelimit-*`: how a user stands, in Anthropic's words.

use http::{HeaderMap, HeaderName, HeaderValue};
use pool::account::Standing;

use crate::clock::{Moment, iso};
use crate::http::ratelimit::{REQUESTS, TOKENS, tightest};

const REQUEST_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("anthropic-ratelimit-requests-limit"),
    HeaderName::from_static("anthropic-ratelimit-requests-remaining"),
    HeaderName::from_static("anthropic-ratelimit-requests-reset"),
];

const TOKEN_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("anthropic-ratelimit-tokens-limit"),
    HeaderName::from_static("anthropic-ratelimit-tokens-remaining"),
    HeaderName::from_static("anthropic-ratelimit-tokens-reset"),
];

/// Tells how a user stands. What is not limited is not told; resets are moments, not spans.
pub(super) fn note(headers: &mut HeaderMap, standing: &[Standing], now: Moment) {
    for (limits, [limit, remaining, reset]) in [(REQUESTS, REQUEST_HEADERS), (TOKENS, TOKEN_HEADERS)] {
        let Some(tightest) = tightest(standing, limits) else { continue };
        headers.insert(limit, HeaderValue::from(tightest.cap));
        headers.insert(remaining, HeaderValue::from(tightest.remaining()));
        let at = tightest.resets.map(|at| if at < now { now } else { at });
        if let Some(Ok(at)) = at.map(|at| HeaderValue::from_str(&iso(at))) {
            headers.insert(reset, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use pool::account::Limit;

    use super::*;

    #[test]
    fn the_tightest_limit_is_told_with_the_moment_it_resets() {
        let now = Moment(1_795_377_600_000);
        let standing = [
            Standing { limit: Limit::Rpm, cap: 10, used: 3, resets: Some(now.plus_ms(60_000)) },
            Standing { limit: Limit::Rpd, cap: 100, used: 20, resets: Some(now.plus_ms(3_600_000)) },
        ];
        let mut headers = HeaderMap::new();
        note(&mut headers, &standing, now);
        let told = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(told("anthropic-ratelimit-requests-limit").as_deref(), Some("10"));
        assert_eq!(told("anthropic-ratelimit-requests-remaining").as_deref(), Some("7"));
        assert_eq!(told("anthropic-ratelimit-requests-reset").as_deref(), Some("2026-11-22T20:01:00Z"));
        assert_eq!(told("anthropic-ratelimit-tokens-limit"), None);
    }
}
