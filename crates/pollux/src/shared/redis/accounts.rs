//! Users' accounts: what is asked, and what the answer means.

use pool::account::{Base, Caps, Held, Limit, Opens, Refused, Standing, Sum, When};

use super::scripts::{Call, Which};
use crate::clock::Moment;
use crate::shared::{Take, Verdict};

/// How many numbers tell what is used: one for each limit, and when either measure of the minute is all there again.
const TOLD: usize = Limit::ALL.len() + 2;

/// What is used of each limit, in the order of [`Limit::ALL`].
pub(super) type Used = [u64; Limit::ALL.len()];

/// Who asks, and by whose clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub(super) replica: &'a str,
    /// Empty for the server's own.
    pub(super) clock: &'a str,
}

pub(super) fn take(asker: Asker<'_>, key: String, take: &Take<'_>, base: &Base) -> Call {
    let Take { user: _, caps, need, when } = take;
    let spans = when.spans;
    let mut args = vec![asker.clock.to_owned()];
    args.extend(moments([spans.day.start, spans.day.end, spans.month.start, spans.month.end]));
    args.push(asker.replica.to_owned());
    args.extend(sum(*need));
    args.extend(Limit::ALL.map(|limit| caps.get(limit).map(|cap| cap.to_string()).unwrap_or_default()));
    args.extend(sums(base));
    Call { which: Which::Take, keys: vec![key], args }
}

pub(super) fn settle(asker: Asker<'_>, key: String, held: &Held, actual: Option<Sum>) -> Call {
    let Held { sum: reserved, mark, day, month } = *held;
    let mut args = vec![asker.clock.to_owned(), asker.replica.to_owned()];
    args.extend(sum(reserved));
    args.extend(moments([mark, day, month]));
    args.extend(sum(actual.unwrap_or(reserved)));
    Call { which: Which::Settle, keys: vec![key], args }
}

pub(super) fn standing(asker: Asker<'_>, key: String, when: &When) -> Call {
    let mut args = vec![asker.clock.to_owned()];
    args.extend(moments([when.spans.day.start, when.spans.month.start]));
    Call { which: Which::Standing, keys: vec![key], args }
}

pub(super) fn open(asker: Asker<'_>, key: String, base: &Base, when: &When) -> Call {
    let mut args = vec![asker.clock.to_owned()];
    args.extend(moments([when.spans.day.start, when.spans.month.start]));
    args.extend(sums(base));
    Call { which: Which::Open, keys: vec![key], args }
}

/// What became of a take, and what is used then. None if the answer makes no sense.
pub(super) fn verdict(reply: &[i64], take: &Take<'_>) -> Option<(Verdict, Used)> {
    let [now, limit, a, b, c, d, told @ ..] = reply else { return None };
    let shift = take.when.now.since(Moment(*now));
    let outcome = match usize::try_from(*limit).ok()?.checked_sub(1) {
        None => Ok(Held { sum: take.need, mark: Moment(*a), day: Moment(*b), month: Moment(*c) }),
        Some(index) => {
            let limit = *Limit::ALL.get(index)?;
            let cap = take.caps.get(limit)?;
            let minute = matches!(limit, Limit::Rpm | Limit::Tpm);
            let opens = match a {
                0 => Opens::WhenCallsEnd,
                1 => Opens::At(Moment(*b).plus_ms(if minute { shift } else { 0 })),
                2 => Opens::Never,
                _ => Opens::TooLarge,
            };
            Err(Refused { limit, cap, used: count(*c), need: count(*d), opens })
        }
    };
    let (used, resets) = used(told)?;
    let standing = standings(take.caps, &take.when, &used, resets.map(|at| at.plus_ms(shift)));
    Some((Verdict { outcome, standing }, used))
}

/// What a reading of an account says.
pub(super) fn read(reply: &[i64], caps: &Caps, when: &When) -> Option<(Vec<Standing>, Used)> {
    let (now, told) = reply.split_first()?;
    let shift = when.now.since(Moment(*now));
    let (used, resets) = used(told)?;
    Some((standings(caps, when, &used, resets.map(|at| at.plus_ms(shift))), used))
}

fn used(told: &[i64]) -> Option<(Used, [Moment; 2])> {
    let [used @ .., requests, tokens] = <&[i64; TOLD]>::try_from(told).ok()?;
    Some((used.map(count), [Moment(*requests), Moment(*tokens)]))
}

fn standings(caps: &Caps, when: &When, used: &Used, minute: [Moment; 2]) -> Vec<Standing> {
    let [requests, tokens] = minute;
    let stand = |(place, limit): (usize, Limit)| {
        let resets = match limit {
            Limit::Rpm => Some(requests),
            Limit::Tpm => Some(tokens),
            Limit::Rpd | Limit::TokensDay | Limit::CostDay => Some(when.spans.day.end),
            Limit::TokensMonth | Limit::CostMonth => Some(when.spans.month.end),
            Limit::Concurrency | Limit::TokensTotal | Limit::CostTotal => None,
        };
        Some(Standing { limit, cap: caps.get(limit)?, used: used.get(place).copied().unwrap_or(0), resets })
    };
    Limit::ALL.into_iter().enumerate().filter_map(stand).collect()
}

fn moments<const N: usize>(moments: [Moment; N]) -> [String; N] {
    moments.map(|moment| moment.0.to_string())
}

fn sum(sum: Sum) -> [String; 3] {
    let Sum { requests, tokens, cost } = sum;
    [requests, tokens, cost].map(|count| count.to_string())
}

fn sums(base: &Base) -> impl Iterator<Item = String> {
    let Base { day, month, total } = *base;
    [day, month, total].into_iter().flat_map(sum)
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
