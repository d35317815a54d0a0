//! The ways out and how they fare: a way that fails sits out for a while, unless it is the only one left.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::EgressId;

/// So many failures below HTTP in a row (`wire.md` §9.3) …
const FAILURES: u32 = 3;
/// … bench a way for so long.
const AFTER_FAILURES: Duration = Duration::from_secs(30);

/// The ways out and how they fare.
#[derive(Debug)]
pub(super) struct Ways(Mutex<State>);

#[derive(Debug)]
struct State {
    ways: Vec<Way>,
    next: usize,
}

#[derive(Clone, Debug, Default)]
struct Way {
    failures: u32,
    benched_until: Option<Instant>,
}

impl Ways {
    pub(super) fn new(count: usize) -> Self {
        Self(Mutex::new(State { ways: vec![Way::default(); count], next: 0 }))
    }

    /// The next way whose turn it is; one that sits out only if all do, the one that is back soonest.
    pub(super) fn next(&self, now: Instant) -> EgressId {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = state.ways.len().max(1);
        let turn = state.next;
        let open = (0..count).map(|step| (turn + step) % count).find(|index| state.is_open(*index, now));
        let index = open.or_else(|| state.back_soonest()).unwrap_or(0);
        state.next = (index + 1) % count;
        EgressId(index)
    }

    /// Is it used, and does not sit out?
    pub(super) fn is_open(&self, EgressId(index): EgressId, now: Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_open(index, now)
    }

    /// An exchange came through.
    pub(super) fn succeeded(&self, egress: EgressId) {
        self.change(egress, |way| way.failures = 0);
    }

    /// An exchange failed below HTTP.
    pub(super) fn failed(&self, egress: EgressId, now: Instant) {
        self.change(egress, |way| {
            way.failures += 1;
            if way.failures >= FAILURES {
                *way = Way { failures: 0, benched_until: Some(now + AFTER_FAILURES) };
            }
        });
    }

    /// The way sits out for so long.
    pub(super) fn bench(&self, egress: EgressId, pause: Duration, now: Instant) {
        self.change(egress, |way| way.benched_until = Some(now + pause));
    }

    fn change(&self, EgressId(index): EgressId, change: impl FnOnce(&mut Way)) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) = state.ways.get_mut(index) {
            change(way);
        }
    }
}

impl State {
    fn is_open(&self, index: usize, now: Instant) -> bool {
        self.ways.get(index).is_some_and(|way| way.benched_until.is_none_or(|until| until <= now))
    }

    fn back_soonest(&self) -> Option<usize> {
        let benched = self.ways.iter().enumerate();
        benched.min_by_key(|(_, way)| way.benched_until).map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ways_take_turns_and_a_failing_one_sits_out() {
        let ways = Ways::new(3);
        let now = Instant::now();
        let turns = |now| [ways.next(now).0, ways.next(now).0, ways.next(now).0];
        assert_eq!(turns(now), [0, 1, 2]);
        for _ in 0..3 {
            ways.failed(EgressId(1), now);
        }
        assert_eq!(turns(now), [0, 2, 0]);
        assert_eq!(turns(now + AFTER_FAILURES), [1, 2, 0]);
    }

    #[tokio::test]
    async fn two_failures_and_a_success_bench_nobody() {
        let ways = Ways::new(2);
        let now = Instant::now();
        for _ in 0..5 {
            ways.failed(EgressId(0), now);
            ways.failed(EgressId(0), now);
            ways.succeeded(EgressId(0));
        }
        assert_eq!(ways.next(now), EgressId(0));
    }

    #[tokio::test]
    async fn the_only_way_is_used_whatever_happens() {
        let ways = Ways::new(1);
        let now = Instant::now();
        ways.bench(EgressId(0), Duration::from_hours(1), now);
        assert_eq!(ways.next(now), EgressId(0));
    }
}
