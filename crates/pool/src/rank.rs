//! The order of the projects that have room, and where a bucket stands.
//!
//! Round robin is kept as time, not as a cursor over a list: each call of a project with `k` ready keys and
//! weight `w` moves its clock by `1/(k·w)` of a round, and the project whose clock is furthest behind goes
//! first. Always-ready keys are thus never more than one call apart, and a project that comes back from a bench starts
//! at the present instead of catching up.

use std::cmp::Reverse;

use crate::Moment;
use crate::bucket::Bucket;
use crate::calendar::PacificDay;
use crate::roster::{Project, ProjectId};
use crate::settings::Strategy;

/// Smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) class: Reverse<i32>,
    pub(crate) score: u64,
    pub(crate) project: ProjectId,
}

/// Where a bucket stands in its model's sets. Whose it is, is known from its place in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// In none: no project, no key, disabled.
    #[default]
    Out,
    /// Has room, as far as is known.
    Ready { paid: bool, class: Reverse<i32>, score: u64 },
    /// Shut until `at`; so much sooner it would open if the pool were empty otherwise.
    Waiting { paid: bool, at: Moment, sooner_ms: u32, not_offered: bool },
}

/// What of a bucket the strategies look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// The used share of the tightest limit, in millionths.
    pub(crate) used_share: u64,
    /// Calls of its least used ready key today.
    pub(crate) key_requests: u32,
    /// Calls in flight on that key.
    pub(crate) key_in_flight: u32,
    /// Round-robin time.
    pub(crate) turn: u64,
}

impl Rank {
    /// Ranks carry the day they were made, so that yesterday's, whose counts are void, go first.
    pub(crate) fn of(strategy: Strategy, project: &Project, standing: Standing, day: PacificDay) -> Self {
        let dated = |score: u64| (u64::try_from(day.number).unwrap_or(0) << 48) | score.min((1 << 48) - 1);
        let score = match strategy {
            Strategy::Headroom => dated(standing.used_share.saturating_mul(1 << 16) / project.weight()),
            Strategy::LeastUsed => {
                let used = (u64::from(standing.key_requests) << 8) / project.weight();
                dated((used << 12) | u64::from(standing.key_in_flight.min(0xFFF)))
            }
            Strategy::RoundRobin => standing.turn,
            Strategy::FillFirst => u64::MAX - project.weight(),
        };
        Self { class: Reverse(project.spec.priority), score, project: project.spec.id }
    }

    /// The same class and score, whatever the project.
    pub(crate) const fn level(self) -> (Reverse<i32>, u64) {
        (self.class, self.score)
    }
}

impl Bucket {
    /// Moves the round-robin clock by one call of a project with so many turns per round.
    pub(crate) fn advance_turn(&mut self, turns: u64) {
        let turns = turns.clamp(1, 1 << 31);
        let (round, part) = (self.turn >> 32, self.turn & 0xFFFF_FFFF);
        // Rounding up undoes the rounding down below, so that no error adds up over rounds.
        let done = (part * turns).div_ceil(1 << 32) + 1;
        self.turn = if done >= turns { (round + 1) << 32 } else { (round << 32) | ((done << 32) / turns) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_round_has_exactly_as_many_turns_as_promised(turns in 1..5_000_u64, rounds in 1..5_u64) {
            let mut bucket = Bucket::default();
            for call in 1..=turns * rounds {
                bucket.advance_turn(turns);
                prop_assert_eq!(bucket.turn >> 32, call / turns);
            }
            prop_assert_eq!(bucket.turn, rounds << 32);
        }
    }
}
