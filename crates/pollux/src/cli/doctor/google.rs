//! The way to Google: each egress, the region it comes out in, and the clock.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, header};

use super::Finding;
use crate::clock::{Clock, Moment, SystemClock};
use crate::config::Config;
use crate::secret::Secret;
use crate::upstream::{Deadlines, EgressId, Request, Upstream};

const ABOUT: &str = "google";
/// Sent where no key is configured. Google refuses it, which tells all we want to know.
const NO_KEY: &str = "AIzaSy-pollux-doctor-has-no-key";
const WITHIN: Duration = Duration::from_secs(20);
const LONGEST_ANSWER: usize = 1 << 20;
/// Beyond this, day quotas and signed sessions are judged by the wrong time.
const SKEW_MS: i64 = 30_000;

/// Asks Google for its list of models over each way out; that costs no quota.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let upstream = match Upstream::new(&config.upstream()) {
        Ok(upstream) => upstream,
        Err(error) => return vec![Finding::bad(ABOUT, error.to_string())],
    };
    let key = config.gemini_api_keys.first().cloned().unwrap_or_else(|| Secret::new(NO_KEY));
    let ways: Vec<(EgressId, String)> = upstream.egress().map(|(id, label)| (id, label.to_owned())).collect();
    let mut findings = Vec::new();
    for (egress, label) in ways {
        findings.extend(ask(&upstream, &key, egress, &label).await);
    }
    findings
}

async fn ask(upstream: &Upstream, key: &Secret, egress: EgressId, label: &str) -> Vec<Finding> {
    let deadlines = Deadlines { first_event: WITHIN, idle: WITHIN, total: WITHIN };
    let request = Request {
        egress: Some(egress),
        deadlines: Some(deadlines),
        ..Request::new(Method::GET, "/v1beta/models?pageSize=1", key, Bytes::new())
    };
    let response = match upstream.send(request).await {
        Ok(response) => response,
        Err(error) => {
            let said =
                format!("cannot be reached ({label}): {}; a proxy? POLLUX_EGRESS_PROXY", error.label());
            return vec![Finding::bad(ABOUT, said)];
        }
    };
    let (status, took, headers) = (response.status.as_u16(), response.timings.head, response.headers.clone());
    let body = response.collect(LONGEST_ANSWER).await.unwrap_or_default();
    let mut findings = vec![judge(status, &body, (label, took.as_millis()))];
    findings.extend(clock(&headers, SystemClock.now()));
    findings
}

/// What an answer says about the way it came.
fn judge(status: u16, body: &[u8], (label, ms): (&str, u128)) -> Finding {
    let text = String::from_utf8_lossy(body);
    if text.contains("User location is not supported") {
        let said = format!(
            "does not serve the region of this way out ({label}): set POLLUX_EGRESS_PROXY, or run in another region"
        );
        return Finding::bad(ABOUT, said);
    }
    match status {
        200 => Finding::good(ABOUT, format!("answers in {ms} ms ({label}), and takes the first key")),
        400 | 401 | 403 if text.contains("API key") || text.contains("API_KEY") => {
            Finding::good(ABOUT, format!("answers in {ms} ms ({label})"))
        }
        status => Finding::warning(ABOUT, format!("answers {status} in {ms} ms ({label}); is that Google?")),
    }
}

/// How far our clock is from the answer's.
fn clock(headers: &HeaderMap, now: Moment) -> Option<Finding> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_millisecond();
    let ahead = now.0 - theirs;
    let seconds = ahead.abs() / 1_000;
    Some(if ahead.abs() <= SKEW_MS {
        Finding::good("clock", "right")
    } else {
        let way = if ahead > 0 { "ahead" } else { "behind" };
        Finding::bad("clock", format!("is {seconds} s {way}; switch time synchronisation on"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    #[test]
    fn answers_are_judged_by_what_they_say_of_the_way() {
        let judged = |status, body: &str| judge(status, body.as_bytes(), ("direct", 5)).grade;
        assert_eq!(judged(200, "{}"), Grade::Good);
        assert_eq!(judged(400, r#"{"error":{"message":"API key not valid."}}"#), Grade::Good);
        let region = r#"{"error":{"message":"User location is not supported for the API use."}}"#;
        assert_eq!(judged(400, region), Grade::Bad);
        assert_eq!(judged(502, "<html>"), Grade::Warning);
    }

    #[test]
    fn a_clock_that_is_off_is_noticed() {
        let mut headers = HeaderMap::new();
        assert_eq!(clock(&headers, Moment(0)), None);
        headers.insert(header::DATE, "Sun, 22 Nov 2026 00:00:00 GMT".parse().unwrap());
        let at = |ms: i64| clock(&headers, Moment(1_795_305_600_000 + ms)).unwrap();
        assert_eq!(at(30_000).grade, Grade::Good);
        assert_eq!(at(-90_000), Finding::bad("clock", "is 90 s behind; switch time synchronisation on"));
    }
}
