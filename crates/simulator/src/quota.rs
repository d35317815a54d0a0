//! Metering as Google does it: per project and model, requests and input tokens per minute, requests per Pacific day
//! (wire.md §9.2, §14).

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use crate::calendar::pacific_day;
use crate::options::{Limits, MinuteWindow};

mod meter;

pub(crate) use meter::Meter;

const MINUTE_MS: i64 = 60_000;

/// One limit that a request would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    RequestsPerMinute,
    TokensPerMinute,
    RequestsPerDay,
}

/// A refused request: the limits it breaks and when the minute opens again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) breaches: Vec<Breach>,
    pub(crate) wait_ms: i64,
}

/// What a request asks of a bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand {
    pub(crate) now_ms: i64,
    pub(crate) tokens: u64,
}

/// Counters of every project and model.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    buckets: HashMap<(u32, &'static str), Bucket>,
}

#[derive(Debug, Default)]
struct Bucket {
    minute: VecDeque<Spent>,
    day: i64,
    requests_today: u64,
}

#[derive(Debug, Clone, Copy)]
struct Spent {
    at_ms: i64,
    requests: u64,
    tokens: u64,
}

impl Quotas {
    /// Counts a request, unless it breaks a limit; refused requests do not count.
    pub(crate) fn take(
        &mut self,
        place: (u32, &'static str),
        limits: Limits,
        window: MinuteWindow,
        demand: Demand,
    ) -> Result<(), Exceeded> {
        let bucket = self.buckets.entry(place).or_default();
        bucket.forget(window, demand.now_ms);
        let breaches = bucket.breaches(limits, demand.tokens);
        if breaches.is_empty() {
            bucket.minute.push_back(Spent { at_ms: demand.now_ms, requests: 1, tokens: demand.tokens });
            bucket.requests_today += 1;
            return Ok(());
        }
        Err(Exceeded { breaches, wait_ms: bucket.wait_ms(limits, window, demand) })
    }

    /// Counts tokens without a request: a prompt that was too long still burns them (wire.md §9.1 E6).
    pub(crate) fn burn(&mut self, place: (u32, &'static str), demand: Demand) {
        let spent = Spent { at_ms: demand.now_ms, requests: 0, tokens: demand.tokens };
        self.buckets.entry(place).or_default().minute.push_back(spent);
    }

    /// Every bucket, for `GET /__sim/state`.
    pub(crate) fn state(&self, window: MinuteWindow, now_ms: i64) -> Value {
        let mut rows: Vec<(&(u32, &str), Value)> =
            self.buckets.iter().map(|(place, bucket)| (place, bucket.state(window, now_ms))).collect();
        rows.sort_by_key(|(place, _)| **place);
        rows.into_iter()
            .map(|((project, model), mut row)| {
                row["project"] = json!(project);
                row["model"] = json!(model);
                row
            })
            .collect()
    }
}

impl Bucket {
    fn forget(&mut self, window: MinuteWindow, now_ms: i64) {
        self.minute.retain(|spent| is_current(*spent, window, now_ms));
        let today = pacific_day(now_ms);
        if self.day != today {
            self.day = today;
            self.requests_today = 0;
        }
    }

    fn requests(&self) -> u64 {
        self.minute.iter().map(|spent| spent.requests).sum()
    }

    fn tokens(&self) -> u64 {
        self.minute.iter().map(|spent| spent.tokens).sum()
    }

    fn breaches(&self, limits: Limits, tokens: u64) -> Vec<Breach> {
        let over = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used > limit);
        let mut breaches = Vec::new();
        if over(self.requests_today + 1, limits.rpd) {
            breaches.push(Breach::RequestsPerDay);
        }
        if over(self.requests() + 1, limits.rpm) {
            breaches.push(Breach::RequestsPerMinute);
        }
        if over(self.tokens() + tokens, limits.tpm) || limits.tpm == Some(0) {
            breaches.push(Breach::TokensPerMinute);
        }
        breaches
    }

    fn wait_ms(&self, limits: Limits, window: MinuteWindow, demand: Demand) -> i64 {
        let until_clock_minute = MINUTE_MS - demand.now_ms.rem_euclid(MINUTE_MS);
        if window == MinuteWindow::Clock {
            return until_clock_minute;
        }
        let (mut requests, mut tokens) = (self.requests(), self.tokens());
        for spent in &self.minute {
            requests -= spent.requests;
            tokens -= spent.tokens;
            let fits = limits.rpm.is_none_or(|limit| requests < limit)
                && limits.tpm.is_none_or(|limit| tokens + demand.tokens <= limit);
            if fits {
                return (spent.at_ms + MINUTE_MS - demand.now_ms).max(1);
            }
        }
        MINUTE_MS
    }

    fn state(&self, window: MinuteWindow, now_ms: i64) -> Value {
        let live = || self.minute.iter().filter(|spent| is_current(**spent, window, now_ms));
        let today = if self.day == pacific_day(now_ms) { self.requests_today } else { 0 };
        json!({
            "requests_this_minute": live().map(|spent| spent.requests).sum::<u64>(),
            "tokens_this_minute": live().map(|spent| spent.tokens).sum::<u64>(),
            "requests_today": today,
        })
    }
}

fn is_current(spent: Spent, window: MinuteWindow, now_ms: i64) -> bool {
    match window {
        MinuteWindow::Sliding => spent.at_ms > now_ms - MINUTE_MS,
        MinuteWindow::Clock => spent.at_ms.div_euclid(MINUTE_MS) == now_ms.div_euclid(MINUTE_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Tier;

    const PLACE: (u32, &str) = (0, "gemini-3.8-flash");

    fn limits(rpm: u64, tpm: u64, rpd: u64) -> Limits {
        Limits { rpm: Some(rpm), tpm: Some(tpm), rpd: Some(rpd) }
    }

    fn demand(now_ms: i64, tokens: u64) -> Demand {
        Demand { now_ms, tokens }
    }

    #[test]
    fn a_sliding_minute_opens_when_the_oldest_request_leaves_it() {
        let mut quotas = Quotas::default();
        let mut take =
            |now_ms| quotas.take(PLACE, limits(2, 1_000, 100), MinuteWindow::Sliding, demand(now_ms, 1));
        assert!(take(0).is_ok() && take(30_000).is_ok());
        let refused = take(50_000).unwrap_err();
        assert_eq!(refused, Exceeded { breaches: vec![Breach::RequestsPerMinute], wait_ms: 10_000 });
        assert!(take(59_999).is_err());
        assert!(take(60_000).is_ok());
    }

    #[test]
    fn a_clock_minute_opens_at_the_full_minute() {
        let mut quotas = Quotas::default();
        let mut take =
            |now_ms| quotas.take(PLACE, limits(1, 1_000, 100), MinuteWindow::Clock, demand(now_ms, 1));
        assert!(take(59_000).is_ok());
        assert_eq!(take(59_500).unwrap_err().wait_ms, 500);
        assert!(take(60_000).is_ok());
    }

    #[test]
    fn several_limits_break_together_and_refusals_do_not_count() {
        let mut quotas = Quotas::default();
        let mut take =
            |tokens| quotas.take(PLACE, limits(1, 10, 1), MinuteWindow::Sliding, demand(0, tokens));
        assert!(take(8).is_ok());
        let all = vec![Breach::RequestsPerDay, Breach::RequestsPerMinute, Breach::TokensPerMinute];
        assert_eq!(take(8).unwrap_err().breaches, all);
        assert_eq!(take(2).unwrap_err().breaches, all[..2]);
    }

    #[test]
    fn the_body_names_each_limit_as_google_does() {
        let model = crate::model::find("gemini-3.1-pro-preview").unwrap();
        let meter = Meter { model, tier: Tier::Free, limits: limits(0, 0, 0) };
        let exceeded =
            Exceeded { breaches: vec![Breach::RequestsPerDay, Breach::TokensPerMinute], wait_ms: 5_237 };
        let refusal = meter.refuse(&exceeded);
        assert_eq!(refusal.reason, "quota-zero");
        insta::assert_json_snapshot!(refusal.json()["error"]["details"][1]["violations"], @r#"
        [
          {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            "quotaDimensions": {
              "location": "global",
              "model": "gemini-3.1-pro"
            },
            "quotaValue": "0"
          },
          {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_input_token_count",
            "quotaId": "GenerateContentInputTokensPerModelPerMinute-FreeTier",
            "quotaDimensions": {
              "location": "global",
              "model": "gemini-3.1-pro"
            },
            "quotaValue": "0"
          }
        ]
        "#);
    }
}
