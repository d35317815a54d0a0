//! When something opens, and what keeps it shut.

use serde::{Deserialize, Serialize};

use crate::Moment;

/// When calls in flight end nobody knows; who waits for one of them, or for a probe, looks again after so long.
pub(crate) const LOOK_AGAIN_MS: i64 = 2_000;

/// Why a project cannot serve a call now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A minute window is full, or Google said so.
    Minute,
    /// A day's quota is used up.
    Day,
    /// The project has no quota for the model at all.
    NotOffered,
    /// Benched for a reason that will not pass sooner.
    Bench,
    /// Benched for a reason that may pass sooner: throttled, one bad answer.
    Soft,
    /// A long bench is over and its one probe call is out.
    Probe,
    /// The model itself is benched.
    Model,
    /// As many calls in flight as allowed.
    Busy,
    /// The call needs more than this limit ever allows.
    TooLarge(u64),
    /// No enabled, living key.
    NoKey,
    /// The project is disabled or dead.
    Disabled,
    /// The caller has tried it already.
    Tried,
    /// The call is for paid projects only.
    Tier,
    /// A resource of the call lives in another project.
    NotOwner,
    /// The caller has had its share of the day for now. Said by whoever paces the day, not by a project.
    Share,
    /// The other replicas are out of reach, and the operator wants no calls then. Said by whoever asks them.
    Away,
}

/// Closed until a moment, for a reason; open if that moment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    pub(crate) until: Moment,
    pub(crate) why: Why,
}

impl Gate {
    pub(crate) const OPEN: Self = Self { until: Moment(i64::MIN), why: Why::Minute };

    pub(crate) const fn until(until: Moment, why: Why) -> Self {
        Self { until, why }
    }

    pub(crate) const fn never(why: Why) -> Self {
        Self { until: Moment::NEVER, why }
    }

    pub(crate) fn is_open(self, now: Moment) -> bool {
        self.until <= now
    }

    pub(crate) fn is_never(self) -> bool {
        self.until == Moment::NEVER
    }

    /// Both must be open.
    pub(crate) fn and(self, other: Self) -> Self {
        if other.until > self.until { other } else { self }
    }

    /// Either may be open.
    pub(crate) fn or(self, other: Self) -> Self {
        if other.until < self.until { other } else { self }
    }
}
