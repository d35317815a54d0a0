//! What one stretch of time has taken.

use super::calendar::Span;
use super::{Limit, Sum};
use crate::Moment;

/// A clock that is set back by less than this stays in the stretch it was in.
const SET_BACK_MS: i64 = 2 * 86_400_000;

/// What one stretch of time has taken: what is spent for sure, and what is reserved for calls under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    start: Moment,
    spent: Sum,
    held: Sum,
}

/// Whether something fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It does.
    Enough,
    /// It would, if calls under way take less than is reserved for them.
    Held,
    /// It does not.
    Spent,
}

impl Tally {
    pub(super) fn start(&self) -> Moment {
        self.start
    }

    /// The tally of this stretch: this one, or an empty one. A clock set back a little does not give a budget twice.
    pub(super) fn of(&self, span: Span) -> Self {
        let ahead = self.start.since(span.start);
        if ahead == 0 || (0 < ahead && ahead <= SET_BACK_MS) {
            *self
        } else {
            Self { start: span.start, ..Self::default() }
        }
    }

    /// Spent and reserved.
    pub(super) fn all(&self) -> Sum {
        self.spent.plus(self.held)
    }

    pub(super) fn hold(&mut self, sum: Sum) {
        self.held = self.held.plus(sum);
    }

    /// What was reserved in the stretch that began at `start` took `actual`. In another stretch, it is over.
    pub(super) fn settle(&mut self, start: Moment, reserved: Sum, actual: Sum) {
        if self.start == start {
            self.held = self.held.minus(reserved);
            self.spent = self.spent.plus(actual);
        }
    }

    pub(super) fn at_least(&mut self, sum: Sum) {
        let Sum { requests, tokens, cost } = &mut self.spent;
        *requests = sum.requests.max(*requests);
        *tokens = sum.tokens.max(*tokens);
        *cost = sum.cost.max(*cost);
    }

    pub(super) fn room(&self, limit: Limit, need: u64, cap: u64) -> Room {
        let fits = |sum: Sum| {
            let used = limit.of(sum);
            // What costs nothing, as far as is known, does not go on for ever.
            used < cap && used.saturating_add(need) <= cap
        };
        match (fits(self.all()), fits(self.spent)) {
            (true, _) => Room::Enough,
            (false, true) => Room::Held,
            (false, false) => Room::Spent,
        }
    }
}

impl Sum {
    fn plus(self, other: Self) -> Self {
        let Self { requests, tokens, cost } = self;
        Self {
            requests: requests.saturating_add(other.requests),
            tokens: tokens.saturating_add(other.tokens),
            cost: cost.saturating_add(other.cost),
        }
    }

    fn minus(self, other: Self) -> Self {
        let Self { requests, tokens, cost } = self;
        Self {
            requests: requests.saturating_sub(other.requests),
            tokens: tokens.saturating_sub(other.tokens),
            cost: cost.saturating_sub(other.cost),
        }
    }
}
