//! What one user may take: requests and tokens a minute, calls under way, and budgets of a day, a month and for good.
//!
//! [`Account::take`] decides and reserves in one step, [`Account::settle`] corrects what was reserved to what was used. A
//! limit holds whatever the order of calls: what is reserved counts as used until it is settled.
//!
//! Invariant: after any take that was granted, no sum of spent and reserved is above its cap.

mod calendar;
mod caps;
mod standing;
mod tally;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::Moment;
use crate::choose::Cost;
use crate::window::{Axis, Minute};

pub use calendar::{Span, Spans, Zone};
pub use caps::{Caps, Limit, UnknownLimit};
pub use standing::Standing;

use tally::{Room, Tally};

/// A minute, in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// What a call takes, or what calls have taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Requests.
    pub requests: u64,
    /// Tokens, of prompt and answer.
    pub tokens: u64,
    /// Micro-dollars.
    pub cost: u64,
}

/// When something happens, and in which day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The moment.
    pub now: Moment,
    /// Its day and month.
    pub spans: Spans,
}

/// What a user has spent so far, as it was written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// Today.
    pub day: Sum,
    /// This month.
    pub month: Sum,
    /// Ever.
    pub total: Sum,
}

/// What was reserved for a call. Whoever has it settles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What.
    pub sum: Sum,
    /// Where in the minute it is found again.
    pub mark: Moment,
    /// When its day began.
    pub day: Moment,
    /// When its month began.
    pub month: Moment,
}

/// Why a call may not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The limit that keeps it; the one that opens last if there are several.
    pub limit: Limit,
    /// What the limit is.
    pub cap: u64,
    /// What is used of it, reservations included.
    pub used: u64,
    /// What the call needs.
    pub need: u64,
    /// When there is room again.
    pub opens: Opens,
}

/// When there is room again, soonest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opens {
    /// As soon as calls end that are under way.
    WhenCallsEnd,
    /// Then.
    At(Moment),
    /// Not by itself.
    Never,
    /// Never for this call: it needs more than the whole limit.
    TooLarge,
}

/// One user's account. Without any cap it still counts, so that a cap that is set later knows what came before.
#[derive(Clone, Debug, Default)]
pub struct Account {
    minute: Minute,
    day: Tally,
    month: Tally,
    total: Tally,
    flying: u64,
}

impl Account {
    /// Reserves what a call needs, or says why not. Refused, nothing changes.
    ///
    /// # Errors
    /// When a limit has no room.
    pub fn take(&mut self, caps: &Caps, need: Sum, when: &When) -> Result<Held, Refused> {
        self.turn(when);
        let refusals = Limit::ALL.into_iter().filter_map(|limit| {
            let cap = caps.get(limit)?;
            let opens = self.opens(limit, cap, need, when)?;
            Some(Refused { limit, cap, used: self.used(limit, when), need: limit.of(need), opens })
        });
        if let Some(refused) = refusals.max_by_key(|refused| refused.opens) {
            return Err(refused);
        }
        self.flying += 1;
        for tally in [&mut self.day, &mut self.month, &mut self.total] {
            tally.hold(need);
        }
        let mark = self.minute.take(cost(need), when.now, MINUTE_MS);
        Ok(Held { sum: need, mark, day: self.day.start(), month: self.month.start() })
    }

    /// The call of a reservation has ended and took `actual`; none if nobody knows: then what was reserved stays spent.
    pub fn settle(&mut self, held: &Held, actual: Option<Sum>) {
        let actual = actual.unwrap_or(held.sum);
        self.flying = self.flying.saturating_sub(1);
        self.minute.correct(held.mark, cost(held.sum), cost(actual));
        self.day.settle(held.day, held.sum, actual);
        self.month.settle(held.month, held.sum, actual);
        self.total.settle(Moment(0), held.sum, actual);
    }

    /// Takes over what was written down before. What the account knows of itself stays if it is more.
    pub fn open(&mut self, base: &Base, when: &When) {
        self.turn(when);
        self.day.at_least(base.day);
        self.month.at_least(base.month);
        self.total.at_least(base.total);
    }

    /// What is used of a limit, reservations included.
    pub fn used(&self, limit: Limit, when: &When) -> u64 {
        match limit {
            Limit::Rpm => self.minute.used(Axis::Requests, when.now, MINUTE_MS),
            Limit::Tpm => self.minute.used(Axis::Tokens, when.now, MINUTE_MS),
            Limit::Concurrency => self.flying,
            Limit::Rpd | Limit::TokensDay | Limit::CostDay => limit.of(self.day.of(when.spans.day).all()),
            Limit::TokensMonth | Limit::CostMonth => limit.of(self.month.of(when.spans.month).all()),
            Limit::TokensTotal | Limit::CostTotal => limit.of(self.total.all()),
        }
    }

    /// Begins the day and the month of `when`, if they are new.
    fn turn(&mut self, when: &When) {
        self.day = self.day.of(when.spans.day);
        self.month = self.month.of(when.spans.month);
    }

    /// When this limit has room for the call; none if it has now.
    fn opens(&self, limit: Limit, cap: u64, need: Sum, when: &When) -> Option<Opens> {
        let need = limit.of(need);
        if need > cap || cap == 0 {
            return Some(Opens::TooLarge);
        }
        let budget = |tally: &Tally, ends: Opens| match tally.room(limit, need, cap) {
            Room::Enough => None,
            Room::Held => Some(Opens::WhenCallsEnd),
            Room::Spent => Some(ends),
        };
        let minute = |axis| {
            let at = self.minute.opens(axis, need, cap, (when.now, MINUTE_MS));
            (at > when.now).then_some(Opens::At(at))
        };
        match limit {
            Limit::Rpm => minute(Axis::Requests),
            Limit::Tpm => minute(Axis::Tokens),
            Limit::Concurrency => (self.flying >= cap).then_some(Opens::WhenCallsEnd),
            Limit::Rpd | Limit::TokensDay | Limit::CostDay => {
                budget(&self.day, Opens::At(when.spans.day.end))
            }
            Limit::TokensMonth | Limit::CostMonth => budget(&self.month, Opens::At(when.spans.month.end)),
            Limit::TokensTotal | Limit::CostTotal => budget(&self.total, Opens::Never),
        }
    }
}

/// What the minute counts.
fn cost(sum: Sum) -> Cost {
    Cost { requests: u32::try_from(sum.requests).unwrap_or(u32::MAX), tokens: sum.tokens }
}
