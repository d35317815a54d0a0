//! Where a job stands, and when it runs next.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::clock::Moment;
use crate::id::Dice;

/// After a start, jobs that are overdue wait a little: the first calls go first.
const SETTLE: Duration = Duration::from_mins(1);
/// A job that never ran does not wait for a whole interval.
const FIRST: Duration = Duration::from_mins(10);

/// Why a job ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It was time.
    Plan,
    /// An operator asked for it.
    Operator,
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it began.
    pub began: i64,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// Whether it did what it should.
    pub succeeded: bool,
    /// What it did, or why it failed.
    pub said: String,
    /// Why it ran.
    pub cause: Cause,
}

/// Where a job stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Since when it is running.
    pub running_since: Option<Moment>,
    /// The last run that is over.
    pub last: Option<Run>,
    /// When it runs next by itself.
    pub next: Option<Moment>,
    /// Runs since the start of the gateway.
    pub runs: u64,
    /// Those of them that failed.
    pub failures: u64,
}

/// The first run after a start.
pub(super) fn first(plan: &Plan, last: Option<&Run>, now: Moment) -> Option<Moment> {
    let every = plan.every?;
    let planned = match last {
        // A clock that was set back must not put the next run off for years.
        Some(run) => after(Moment(run.began.min(now.0)), every),
        None => after(now, every.min(FIRST)),
    };
    Some(later(plan, Moment(planned.0.max(after(now, SETTLE.min(every)).0))))
}

/// The run after one that began at `began` and is over now.
pub(super) fn next(plan: &Plan, began: Moment, now: Moment) -> Option<Moment> {
    let planned = after(began, plan.every?);
    Some(later(plan, Moment(planned.0.max(now.0))))
}

/// A little later, always by the same for the same job and time.
fn later(plan: &Plan, planned: Moment) -> Moment {
    let name = plan.name.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let most = u64::try_from(plan.jitter.as_millis()).unwrap_or(u64::MAX).max(1);
    let chance = Dice::seeded(name ^ planned.0.cast_unsigned()).roll() % most;
    after(planned, Duration::from_millis(chance))
}

fn after(moment: Moment, wait: Duration) -> Moment {
    Moment(moment.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const NOW: Moment = Moment(1_795_305_600_000);

    fn plan(every: u64, jitter: u64) -> Plan {
        Plan {
            name: "test",
            about: "",
            every: Some(Duration::from_mins(every)).filter(|every| !every.is_zero()),
            jitter: Duration::from_mins(jitter),
            once: false,
        }
    }

    fn ran(ago: i64) -> Run {
        Run {
            began: NOW.0 - ago * MINUTE,
            took_ms: 1,
            succeeded: true,
            said: String::new(),
            cause: Cause::Plan,
        }
    }

    /// Minutes from now to the first run.
    fn first_in(every: u64, last: Option<i64>) -> Option<i64> {
        let last = last.map(ran);
        first(&plan(every, 0), last.as_ref(), NOW).map(|at| (at.0 - NOW.0) / MINUTE)
    }

    #[test]
    fn a_start_goes_on_where_the_last_one_ended() {
        assert_eq!(first_in(1_440, None), Some(10));
        assert_eq!(first_in(5, None), Some(5));
        assert_eq!(first_in(1_440, Some(1_000)), Some(440));
        assert_eq!(first_in(1_440, Some(5_000)), Some(1), "overdue, but not at once");
        assert_eq!(first_in(1_440, Some(-5_000)), Some(1_440), "the clock was set back");
        assert_eq!(first_in(0, Some(5)), None);
    }

    #[test]
    fn runs_follow_each_other_from_beginning_to_beginning() {
        let next_in = |took: i64| {
            next(&plan(14, 0), NOW, Moment(NOW.0 + took * MINUTE)).map(|at| (at.0 - NOW.0) / MINUTE)
        };
        assert_eq!(next_in(1), Some(14));
        assert_eq!(next_in(20), Some(20));
        let late = next(&plan(14, 2), NOW, NOW).unwrap().0 - NOW.0;
        assert!((14 * MINUTE..16 * MINUTE).contains(&late), "{late}");
        assert_eq!(next(&plan(0, 0), NOW, NOW), None);
    }
}
