//! Buckets of projects: what is asked, and what the answer means.

use pool::Cost;
use pool::fleet::{Answer, Claim, Closed, Taken};

use super::scripts::{Call, Which};
use crate::clock::Moment;

/// How long more than its day a bucket is kept: clocks differ, and calls go on over midnight.
const GRACE_MS: i64 = 3_600_000;

/// Asks for room. `replicas` is how many share it; forced, it is counted whatever there is.
pub(super) fn reserve(clock: &str, keys: [String; 2], claim: &Claim, (replicas, force): (u32, bool)) -> Call {
    let Claim { model: _, cost, caps, own, day, seen, day_left_ms, span_ms } = claim;
    let Cost { requests, tokens } = cost;
    let mut args = vec![clock.to_owned(), span_ms.to_string(), requests.to_string(), tokens.to_string()];
    args.extend(caps.map(|cap| cap.map(|cap| cap.to_string()).unwrap_or_default()));
    args.extend([own.requests, own.tokens, u64::from(replicas)].map(|count| count.to_string()));
    args.push(day.to_string());
    args.extend([seen.requests, seen.tokens].map(|count| count.to_string()));
    args.push((day_left_ms + GRACE_MS).to_string());
    args.push(String::from(if force { "1" } else { "0" }));
    Call { which: Which::Reserve, keys: keys.into(), args }
}

pub(super) fn correct(key: String, mark: Moment, day: i32, (was, is): (Cost, Cost)) -> Call {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let requests = i64::from(is.requests) - i64::from(was.requests);
    let tokens = signed(is.tokens) - signed(was.tokens);
    let args = vec![mark.0.to_string(), day.to_string(), requests.to_string(), tokens.to_string()];
    Call { which: Which::Correct, keys: vec![key], args }
}

/// The mark of a claim that was granted, and what is known of the bucket. None if the answer makes no sense.
pub(super) fn answer(reply: &[i64]) -> Option<(Option<Moment>, Answer)> {
    let [_, closed, wait, from, mark, minute @ .., day_requests, day_tokens] = reply else { return None };
    let [requests, tokens] = minute else { return None };
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let closed = match closed {
        0 => None,
        1 => Some(Closed { wait_ms: Some((*wait).max(1)), tokens: count(*from) }),
        _ => Some(Closed { wait_ms: None, tokens: count(*from) }),
    };
    let answer = Answer {
        closed,
        minute: Taken { requests: count(*requests), tokens: count(*tokens) },
        day: Taken { requests: count(*day_requests), tokens: count(*day_tokens) },
    };
    Some((closed.is_none().then_some(Moment(*mark)), answer))
}
