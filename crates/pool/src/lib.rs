//! The pool: projects, keys, buckets, benches and who serves the next call. Pure: `now` and randomness are
//! arguments.
//!
//! Google meters per project × model × window, not per key, so the unit here is the *bucket*: one project's
//! quota for one model. [`Pool::choose`] reads and orders a shortlist, [`Pool::reserve`] takes the first of it
//! that has room in one step, [`Pool::settle`] corrects what was reserved, [`Pool::blame`] benches the guilty.
//!
//! Cost. Every model keeps its projects in two ordered sets: those with room, by strategy, and those without,
//! by the moment they open. A choice reads up to 16 of the first set, a reservation moves one entry: both are
//! O(log projects), whatever share is benched. Two cases read more: a call so large that the first ready
//! projects have no token room reads on until one fits, and a model nobody has used yet is built once.
//!
//! Invariant: nothing here reads a clock, rolls a die, or does I/O; no state but a dead key lacks an end.

pub mod account;
pub mod backoff;
pub mod calendar;
pub mod estimate;
pub mod fleet;
pub mod forecast;
pub mod kinship;
pub mod pacing;
pub mod queue;

mod bench;
mod blame;
mod bucket;
mod census;
mod change;
mod choose;
mod gate;
mod holds;
mod incident;
mod limits;
mod model;
mod outlook;
mod rank;
mod reserve;
mod restore;
mod roster;
mod settings;
mod snapshot;
mod state;
mod window;

#[cfg(test)]
mod tests;

pub use bench::Grade;
pub use blame::{Blame, Measure, Violation, Window};
pub use census::{Benches, Census, ModelCensus, States};
pub use change::{Change, Scope, What};
pub use choose::{Ask, Candidate, ChosenBy, Cost, Decision, Exclusion, Opening, SHORTLIST};
pub use gate::Why;
pub use holds::{DayShare, Hold, Whose};
pub use limits::{Gauge, Limits, Provenance};
pub use reserve::{Ending, Reservation, Settled};
pub use restore::DayCount;
pub use roster::{KeyId, KeySpec, ProjectId, ProjectSpec, Tier};
pub use settings::{Settings, SettingsError, Strategy};
pub use snapshot::{BenchView, BucketView, GaugeView, KeyState, KeyView, ModelView, ProjectView, Snapshot};
pub use state::Pool;

/// A point in time: milliseconds since 1970, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Moment(pub i64);

impl Moment {
    /// The end of time: what never opens, opens here.
    pub const NEVER: Self = Self(i64::MAX);

    /// This moment plus so many milliseconds, stopping at the ends of the range.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; negative if `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
