//! How a limit of the user itself reads: which one it is, when it opens, and what to do (`wire.md` §10.3).

use std::time::Duration;

use pool::account::{Limit, Opens, Refused};

use super::{Failed, until};
use crate::clock::{Moment, iso};
use crate::telemetry::names;

/// How soon a call may find room that waits for others of the same user to end.
const SOON: Duration = Duration::from_secs(1);
const MICROS: u64 = 1_000_000;

impl Failed {
    /// Says which limit of the user keeps the call.
    pub(in crate::http) fn from_refused(refused: &Refused, now: Moment) -> Self {
        metrics::counter!(names::CALLS_LIMITED, "limit" => refused.limit.name()).increment(1);
        match refused.opens {
            Opens::WhenCallsEnd => {
                Self::of(refused, kind(refused.limit), &when_calls_end(refused)).after(SOON)
            }
            Opens::At(at) if refused.limit.is_budget() => {
                let message = format!("{} It renews at {}.", used_up(refused), iso(at));
                Self::of(refused, QUOTA, &message).after(until(at, now))
            }
            Opens::At(at) => {
                let wait = until(at, now);
                let message = format!("{} Try again in {} s.", reached(refused), wait.as_secs_f64().ceil());
                Self::of(refused, kind(refused.limit), &message).after(wait)
            }
            Opens::Never => {
                let message = format!(
                    "{} It does not renew by itself; ask the administrator of this gateway for more.",
                    used_up(refused)
                );
                Self::of(refused, QUOTA, &message).never()
            }
            Opens::TooLarge if refused.limit.is_budget() => {
                Self::of(refused, QUOTA, &too_large(refused)).never()
            }
            Opens::TooLarge => Self::of(refused, kind(refused.limit), &too_large(refused)).never(),
        }
    }

    fn of(refused: &Refused, kind: &'static str, message: &str) -> Self {
        let code = if kind == QUOTA { QUOTA } else { "rate_limit_exceeded" };
        Self::new(429, kind, code, format!("{message} Limit: `{}`.", refused.limit.name()))
    }
}

const QUOTA: &str = "insufficient_quota";

/// OpenAI's types of a rate limit are what it counts.
fn kind(limit: Limit) -> &'static str {
    match limit {
        Limit::Rpm | Limit::Rpd | Limit::Concurrency => "requests",
        Limit::Tpm | Limit::TokensDay | Limit::TokensMonth | Limit::TokensTotal => "tokens",
        Limit::CostDay | Limit::CostMonth | Limit::CostTotal => "cost",
    }
}

fn when_calls_end(refused: &Refused) -> String {
    if refused.limit == Limit::Concurrency {
        return format!(
            "You have {} calls under way, as many as you may. Wait for one to end.",
            refused.used
        );
    }
    format!(
        "What is left of your {} is reserved for calls of yours that are under way. Wait for one to end, or lower \
         `max_completion_tokens`.",
        described(refused.limit, refused.cap)
    )
}

fn reached(refused: &Refused) -> String {
    let need = amount(refused.limit, refused.need);
    let used = amount(refused.limit, refused.used);
    format!("You have reached your {}: {used} used, {need} needed.", described(refused.limit, refused.cap))
}

fn used_up(refused: &Refused) -> String {
    let need = amount(refused.limit, refused.need);
    let used = amount(refused.limit, refused.used);
    format!(
        "Your {} is used up: {used} used, and this call may take {need}.",
        described(refused.limit, refused.cap)
    )
}

fn too_large(refused: &Refused) -> String {
    let need = amount(refused.limit, refused.need);
    format!(
        "This call may take {need}, more than your whole {}. Lower `max_completion_tokens`, or shorten the prompt.",
        described(refused.limit, refused.cap)
    )
}

/// A limit with its size: `budget of $1.50 a day`.
fn described(limit: Limit, cap: u64) -> String {
    let size = amount(limit, cap);
    match limit {
        Limit::Rpm | Limit::Tpm => format!("limit of {size} a minute"),
        Limit::Rpd => format!("limit of {size} a day"),
        Limit::Concurrency => format!("limit of {size} at a time"),
        Limit::TokensDay | Limit::CostDay => format!("budget of {size} a day"),
        Limit::TokensMonth | Limit::CostMonth => format!("budget of {size} a month"),
        Limit::TokensTotal | Limit::CostTotal => format!("budget of {size} in all"),
    }
}

fn amount(limit: Limit, count: u64) -> String {
    match limit {
        Limit::Rpm | Limit::Rpd => counted(count, "request"),
        Limit::Concurrency => counted(count, "call"),
        Limit::Tpm | Limit::TokensDay | Limit::TokensMonth | Limit::TokensTotal => counted(count, "token"),
        Limit::CostDay | Limit::CostMonth | Limit::CostTotal => dollars(count),
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Micro-dollars as people write them: `$1.50`, `$0.000123`.
fn dollars(micros: u64) -> String {
    let text = format!("${}.{:06}", micros / MICROS, micros % MICROS);
    let shortest = text.len() - 4;
    let kept = text.trim_end_matches('0').len().max(shortest);
    text.chars().take(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_795_377_600_000);

    fn said(limit: Limit, (cap, used, need): (u64, u64, u64), opens: Opens) -> String {
        let failed = Failed::from_refused(&Refused { limit, cap, used, need, opens }, NOW);
        let headers = failed.headers();
        let text = |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap());
        let (after, again) = (text("retry-after"), text("x-should-retry"));
        let error = &failed.error;
        format!("{} {} {} {after} {again} {}", error.status, error.kind, error.code.unwrap(), error.message)
    }

    #[test]
    fn each_limit_says_what_it_is_and_when_it_opens() {
        let tomorrow = Opens::At(NOW.plus_ms(14_400_000));
        let soon = Opens::At(NOW.plus_ms(12_400));
        let all = [
            said(Limit::Rpm, (10, 10, 1), soon),
            said(Limit::Tpm, (1_000, 990, 20), soon),
            said(Limit::Rpd, (1, 1, 1), tomorrow),
            said(Limit::Concurrency, (4, 4, 1), Opens::WhenCallsEnd),
            said(Limit::TokensDay, (1_000, 1_000, 20), tomorrow),
            said(Limit::CostMonth, (1_500_000, 1_400_000, 100_001), tomorrow),
            said(Limit::CostTotal, (5_000_000, 5_000_000, 20), Opens::Never),
            said(Limit::CostDay, (100, 0, 20_000), Opens::TooLarge),
            said(Limit::Tpm, (100, 0, 5_000), Opens::TooLarge),
            said(Limit::TokensTotal, (100, 90, 20), Opens::WhenCallsEnd),
        ];
        insta::assert_snapshot!(all.join("\n"), @r#"
        429 requests rate_limit_exceeded 13 true You have reached your limit of 10 requests a minute: 10 requests used, 1 request needed. Try again in 13 s. Limit: `rpm`.
        429 tokens rate_limit_exceeded 13 true You have reached your limit of 1000 tokens a minute: 990 tokens used, 20 tokens needed. Try again in 13 s. Limit: `tpm`.
        429 requests rate_limit_exceeded 14400 false You have reached your limit of 1 request a day: 1 request used, 1 request needed. Try again in 14400 s. Limit: `rpd`.
        429 requests rate_limit_exceeded 1 true You have 4 calls under way, as many as you may. Wait for one to end. Limit: `concurrency`.
        429 insufficient_quota insufficient_quota 14400 false Your budget of 1000 tokens a day is used up: 1000 tokens used, and this call may take 20 tokens. It renews at 2026-11-23T00:00:00Z. Limit: `tokens_day`.
        429 insufficient_quota insufficient_quota 14400 false Your budget of $1.50 a month is used up: $1.40 used, and this call may take $0.100001. It renews at 2026-11-23T00:00:00Z. Limit: `usd_month`.
        429 insufficient_quota insufficient_quota - false Your budget of $5.00 in all is used up: $5.00 used, and this call may take $0.00002. It does not renew by itself; ask the administrator of this gateway for more. Limit: `usd_total`.
        429 insufficient_quota insufficient_quota - false This call may take $0.02, more than your whole budget of $0.0001 a day. Lower `max_completion_tokens`, or shorten the prompt. Limit: `usd_day`.
        429 tokens rate_limit_exceeded - false This call may take 5000 tokens, more than your whole limit of 100 tokens a minute. Lower `max_completion_tokens`, or shorten the prompt. Limit: `tpm`.
        429 tokens rate_limit_exceeded 1 true What is left of your budget of 100 tokens in all is reserved for calls of yours that are under way. Wait for one to end, or lower `max_completion_tokens`. Limit: `tokens_total`.
        "#);
    }

    #[test]
    fn dollars_have_as_many_digits_as_they_need() {
        for (micros, text) in [
            (0, "$0.00"),
            (1, "$0.000001"),
            (1_500_000, "$1.50"),
            (123_456_789, "$123.456789"),
            (10_000, "$0.01"),
        ] {
            assert_eq!(dollars(micros), text);
        }
    }
}
