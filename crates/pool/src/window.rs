//! The last minute of a bucket.
//!
//! Nobody knows whether Google's minute slides or is a clock minute. A sliding window that never holds more
//! than the limit satisfies both: any clock minute is one position of the sliding one.
//!
//! Memory: the first 32 calls are kept to the millisecond; beyond that calls of one second share a mark that
//! expires with the last moment of its second, so a mark never expires early. At most 32 + 61 marks exist,
//! and a bucket with few calls holds few.

use smallvec::{SmallVec, smallvec};

use crate::Moment;
use crate::choose::Cost;

const EXACT: usize = 32;
const SLOT_MS: i64 = 1_000;

/// What one minute has taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Minute {
    /// Ascending in `at`, no two equal.
    marks: SmallVec<[Mark; 1]>,
    /// The sums over all marks, so that reading costs only those that have expired since the last call.
    requests: u32,
    tokens: u32,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Moment,
    requests: u32,
    tokens: u32,
}

/// Which sum of a minute is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    Requests,
    Tokens,
}

impl Mark {
    fn on(self, axis: Axis) -> u64 {
        u64::from(match axis {
            Axis::Requests => self.requests,
            Axis::Tokens => self.tokens,
        })
    }

    fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.tokens = self.tokens.saturating_add(other.tokens);
    }

    /// When it leaves a window of `span` ms. A clock that was set back must not stretch it.
    fn leaves(self, now: Moment, span: i64) -> Moment {
        self.at.min(now.plus_ms(SLOT_MS)).plus_ms(span)
    }
}

impl Minute {
    /// What the window holds at `now`.
    pub(crate) fn used(&self, axis: Axis, now: Moment, span: i64) -> u64 {
        let all = u64::from(match axis {
            Axis::Requests => self.requests,
            Axis::Tokens => self.tokens,
        });
        let expired = self.marks.iter().take_while(|mark| mark.leaves(now, span) <= now);
        all.saturating_sub(expired.map(|mark| mark.on(axis)).sum())
    }

    /// The first moment at which `need` more fits under `limit`; [`Moment::NEVER`] if it cannot.
    pub(crate) fn opens(&self, axis: Axis, need: u64, limit: u64, (now, span): (Moment, i64)) -> Moment {
        let Some(room) = limit.checked_sub(need) else { return Moment::NEVER };
        let mut used = self.used(axis, now, span);
        if used <= room {
            return Moment(i64::MIN);
        }
        for mark in self.live(now, span) {
            used = used.saturating_sub(mark.on(axis));
            if used <= room {
                return mark.leaves(now, span);
            }
        }
        Moment::NEVER
    }

    /// Adds a call; the answer finds it again in [`Minute::correct`].
    pub(crate) fn take(&mut self, cost: Cost, now: Moment, span: i64) -> Moment {
        self.forget(now, span);
        let (requests, tokens) = (cost.requests, u32::try_from(cost.tokens).unwrap_or(u32::MAX));
        let mark = Mark { at: now, requests, tokens };
        let at = match self.marks.last_mut() {
            Some(last) if last.at >= now => {
                last.add(mark);
                last.at
            }
            _ => {
                let at = if self.marks.len() < EXACT { now } else { slot_end(now) };
                self.marks.push(Mark { at, ..mark });
                at
            }
        };
        self.requests = self.requests.saturating_add(requests);
        self.tokens = self.tokens.saturating_add(tokens);
        at
    }

    /// Replaces what one call reserved by what it took, if its mark is still there.
    pub(crate) fn correct(&mut self, mark: Moment, was: Cost, is: Cost) {
        let Ok(index) = self.marks.binary_search_by_key(&mark, |mark| mark.at) else { return };
        let Some(mark) = self.marks.get_mut(index) else { return };
        mark.requests = mark.requests.saturating_sub(was.requests).saturating_add(is.requests);
        let tokens = u64::from(mark.tokens).saturating_sub(was.tokens).saturating_add(is.tokens);
        mark.tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        self.recount();
    }

    /// Adds what another minute of the same bucket has taken.
    pub(crate) fn absorb(&mut self, other: Self) {
        for mark in other.marks {
            match self.marks.binary_search_by_key(&mark.at, |own| own.at) {
                Ok(index) => {
                    if let Some(own) = self.marks.get_mut(index) {
                        own.add(mark);
                    }
                }
                Err(index) => self.marks.insert(index, mark),
            }
        }
        self.recount();
    }

    fn recount(&mut self) {
        let sum = |axis| self.marks.iter().map(|mark| mark.on(axis)).sum::<u64>();
        let [requests, tokens] =
            [Axis::Requests, Axis::Tokens].map(|axis| u32::try_from(sum(axis)).unwrap_or(u32::MAX));
        (self.requests, self.tokens) = (requests, tokens);
    }

    fn live(&self, now: Moment, span: i64) -> impl Iterator<Item = Mark> {
        self.marks.iter().copied().filter(move |mark| mark.leaves(now, span) > now)
    }

    fn forget(&mut self, now: Moment, span: i64) {
        let expired = self.marks.partition_point(|mark| mark.leaves(now, span) <= now);
        let full = self.requests == u32::MAX || self.tokens == u32::MAX;
        for mark in self.marks.drain(..expired) {
            self.requests = self.requests.saturating_sub(mark.requests);
            self.tokens = self.tokens.saturating_sub(mark.tokens);
        }
        if full {
            self.recount();
        }
        // A clock set back: what lies ahead is pulled to the present, or it would hold the window for hours.
        let ahead = now.plus_ms(SLOT_MS);
        if self.marks.last().is_some_and(|mark| mark.at > ahead) {
            self.pull_back(ahead);
        }
    }

    fn pull_back(&mut self, to: Moment) {
        let marks = std::mem::take(&mut self.marks);
        for mut mark in marks {
            mark.at = mark.at.min(to);
            self.absorb(Self { marks: smallvec![mark], ..Self::default() });
        }
    }
}

fn slot_end(now: Moment) -> Moment {
    Moment(now.0.div_euclid(SLOT_MS).saturating_mul(SLOT_MS)).plus_ms(SLOT_MS - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SPAN: i64 = 60_000;
    const ONE: Cost = Cost { requests: 1, tokens: 10 };

    #[test]
    fn a_call_leaves_after_exactly_one_minute() {
        let mut minute = Minute::default();
        minute.take(ONE, Moment(1_000), SPAN);
        assert_eq!(minute.used(Axis::Requests, Moment(60_999), SPAN), 1);
        assert_eq!(minute.used(Axis::Requests, Moment(61_000), SPAN), 0);
        assert_eq!(minute.opens(Axis::Tokens, 91, 100, (Moment(2_000), SPAN)), Moment(61_000));
        assert_eq!(minute.opens(Axis::Tokens, 101, 100, (Moment(2_000), SPAN)), Moment::NEVER);
    }

    #[test]
    fn a_settled_call_holds_what_it_really_took() {
        let mut minute = Minute::default();
        let mark = minute.take(ONE, Moment(0), SPAN);
        minute.take(ONE, Moment(0), SPAN);
        minute.correct(mark, ONE, Cost { requests: 1, tokens: 700 });
        assert_eq!(minute.used(Axis::Tokens, Moment(1), SPAN), 710);
        minute.correct(mark, ONE, Cost { requests: 0, tokens: 0 });
        assert_eq!(minute.used(Axis::Requests, Moment(1), SPAN), 1);
    }

    #[test]
    fn a_clock_set_back_does_not_hold_the_window_for_an_hour() {
        let mut minute = Minute::default();
        for second in 0..40 {
            minute.take(ONE, Moment(3_600_000 + second * 500), SPAN);
        }
        assert!(minute.opens(Axis::Requests, 1, 5, (Moment(0), SPAN)) <= Moment(61_000));
        minute.take(ONE, Moment(0), SPAN);
        assert_eq!(minute.used(Axis::Requests, Moment(0), SPAN), 41);
        assert_eq!(minute.used(Axis::Requests, Moment(61_000), SPAN), 0);
    }

    proptest! {
        /// Against a plain log: nothing expires early, nothing expires more than a second late, few marks.
        #[test]
        fn agrees_with_a_plain_log(steps in prop::collection::vec((0..700_i64, 0..50_u32), 1..400)) {
            let mut minute = Minute::default();
            let mut log: Vec<(i64, u32)> = Vec::new();
            let mut now = 0;
            for (wait, tokens) in steps {
                now += wait;
                minute.take(Cost { requests: 1, tokens: u64::from(tokens) }, Moment(now), SPAN);
                log.push((now, tokens));
                let count = |from: i64| log.iter().filter(|(at, _)| *at > from).count() as u64;
                let used = minute.used(Axis::Requests, Moment(now), SPAN);
                prop_assert!(used >= count(now - SPAN));
                prop_assert!(used <= count(now - SPAN - SLOT_MS));
                prop_assert!(minute.marks.len() <= EXACT + 62);
                prop_assert!(minute.marks.is_sorted_by(|a, b| a.at < b.at));
                if log.len() < EXACT {
                    prop_assert_eq!(used, count(now - SPAN));
                }
            }
        }

        /// The promised opening is the first moment with room, to the millisecond.
        #[test]
        fn opens_when_there_is_room_and_not_before(
            steps in prop::collection::vec((0..3_000_i64, 1..50_u64), 1..60), need in 1..80_u64, limit in 80..400_u64
        ) {
            let mut minute = Minute::default();
            let mut now = 0;
            for (wait, tokens) in steps {
                now += wait;
                minute.take(Cost { requests: 1, tokens }, Moment(now), SPAN);
            }
            let opens = minute.opens(Axis::Tokens, need, limit, (Moment(now), SPAN));
            if opens > Moment(now) {
                prop_assert!(minute.used(Axis::Tokens, opens, SPAN) + need <= limit);
                prop_assert!(minute.used(Axis::Tokens, opens.plus_ms(-1), SPAN) + need > limit);
            } else {
                prop_assert!(minute.used(Axis::Tokens, Moment(now), SPAN) + need <= limit);
            }
        }
    }
}
