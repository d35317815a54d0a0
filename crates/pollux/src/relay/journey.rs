//! What to do after a failed attempt: a plain function of the failure and of what was tried already.
//!
//! Rules: `wire.md` §9.3 (what each failure allows), §9.4 (attempts), §9.6 (poison requests).

use std::time::Duration;

use dialect::gemini::outcome::{Cause, Outcome, Repair, Retry};

use super::budget::InFlight;
use super::call::Refusal;
use super::failure::Failure;
use crate::keyring::{Charge, Lease, Opening, Why};

/// Repairs of one request at most.
const MOST_REPAIRS: usize = 3;

/// How often one call may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Attempts that fail for no fault of a key or its quota.
    pub(super) attempts: u32,
    /// Attempts of any kind: the walk over a large pool ends somewhere.
    pub(super) walk: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attempts: 3, walk: 32 }
    }
}

/// What was tried already.
#[derive(Debug)]
pub(super) struct Journey {
    in_flight: InFlight,
    limits: Limits,
    seed: u64,
    attempts: u32,
    failed: Vec<pool::ProjectId>,
    /// Attempts that failed for no fault of a key or its quota.
    soft: u32,
    bad_answers: u32,
    /// The model answers others at this time.
    model_is_well: bool,
    repairs: Vec<Repair>,
    last: Option<Refusal>,
    /// Keys that lack the model, if it turns out that others have it.
    charges: Vec<Charge>,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Next {
    /// Another project, at once.
    Elsewhere,
    /// Another project if there is one, after a pause.
    Again(Duration),
    /// Change the request and send it again on the same key.
    Mend(Repair),
    /// Give up.
    Refuse(Refusal),
}

impl Journey {
    /// A new journey; `seed` spreads pauses.
    pub(super) fn new(in_flight: InFlight, limits: Limits, seed: u64) -> Self {
        Self {
            in_flight,
            limits,
            seed,
            attempts: 0,
            failed: Vec::new(),
            soft: 0,
            bad_answers: 0,
            model_is_well: false,
            repairs: Vec::new(),
            last: None,
            charges: Vec::new(),
        }
    }

    /// Attempts made so far.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Projects that failed this call already.
    pub(super) fn failed(&self) -> &[pool::ProjectId] {
        &self.failed
    }

    /// An answer without content was refused once; the next one is taken as it is.
    pub(super) fn accepts_empty(&self) -> bool {
        self.bad_answers > 0
    }

    /// Why the call ends when no project has room for it: unless quotas are to blame, the last failure says more.
    pub(super) fn without_room(&mut self, opening: Opening, private: bool) -> Refusal {
        let quota_spoke = matches!(&self.last, Some(Refusal::Upstream(outcome)) if is_quota(&outcome.cause));
        let refusal = refusal_of(opening, private);
        match self.last.take() {
            Some(last) if !quota_spoke => last,
            _ => refusal,
        }
    }

    /// Blames the one who failed, unless it hangs on how the call ends.
    pub(super) fn charge(&mut self, failure: &Failure, lease: &Lease) {
        let (Failure::Upstream(outcome) | Failure::InBand(outcome)) = failure else { return };
        if outcome.cause == Cause::ModelNotFound {
            self.charges.push(lease.charge(outcome));
        } else {
            lease.blame(outcome);
        }
    }

    /// The call was served after all: who lacked the model is to blame (`wire.md` §9.3, E17).
    pub(super) fn served(&mut self) {
        self.charges.drain(..).for_each(Charge::press);
    }

    /// Decides what follows a failure on `project`. `well` says that the model answers others.
    pub(super) fn after(&mut self, failure: Failure, project: pool::ProjectId, well: bool) -> Next {
        self.attempts += 1;
        self.model_is_well = well;
        match failure {
            Failure::Upstream(outcome) | Failure::InBand(outcome) => self.after_outcome(outcome, project),
            Failure::Network { what, .. } => self.soft(project, 2, Refusal::Unreachable(what)),
            Failure::FirstEventLate => self.soft(project, 1, Refusal::Deadline),
            Failure::BadAnswer(what) => {
                self.bad_answers += 1;
                if self.bad_answers > 1 {
                    return Next::Refuse(Refusal::BadAnswer(what));
                }
                self.soft(project, 1, Refusal::BadAnswer(what))
            }
        }
    }

    fn after_outcome(&mut self, outcome: Box<Outcome>, project: pool::ProjectId) -> Next {
        if let Retry::SameRepaired(repair) = outcome.cause.retry()
            && self.is_fresh(repair)
        {
            return Next::Mend(repair);
        }
        let retry = outcome.cause.retry();
        let refusal = Refusal::Upstream(outcome);
        match retry {
            Retry::No | Retry::SameRepaired(_) | Retry::Owner => Next::Refuse(final_word(refusal)),
            Retry::SameIfEarly => self.soft(project, 1, refusal),
            Retry::Elsewhere { max: u8::MAX } => self.hard(refusal),
            Retry::SameOrElsewhere { max } | Retry::Elsewhere { max } => {
                self.soft(project, u32::from(max), refusal)
            }
            Retry::ElsewhereAfter { max, least, most } => match self.soft(project, u32::from(max), refusal) {
                Next::Elsewhere => Next::Again(between(least, most, self.seed)),
                refused => refused,
            },
            Retry::OtherEgress => self.soft(project, 2, refusal),
        }
    }

    /// A repair is tried once, and not too many of them on one request.
    fn is_fresh(&mut self, repair: Repair) -> bool {
        let fresh = !self.repairs.contains(&repair) && self.repairs.len() < MOST_REPAIRS;
        if fresh {
            self.repairs.push(repair);
        }
        fresh
    }

    /// The key or its quota is to blame and benched for it: others may do, as long as the walk is not too long.
    fn hard(&mut self, refusal: Refusal) -> Next {
        if self.attempts >= self.limits.walk {
            return Next::Refuse(refusal);
        }
        self.last = Some(refusal);
        Next::Elsewhere
    }

    /// Nobody in particular is to blame: at most `times` more, within the budgets.
    fn soft(&mut self, project: pool::ProjectId, times: u32, refusal: Refusal) -> Next {
        self.leave(project);
        self.soft += 1;
        // Two projects failed and others are served: it is the request (`wire.md` §9.6).
        let poisonous = self.model_is_well && self.failed.len() >= 2;
        let allowed = !poisonous
            && self.soft <= times
            && self.soft < self.limits.attempts
            && self.attempts < self.limits.walk;
        if !allowed || !self.in_flight.may_retry() {
            return Next::Refuse(refusal);
        }
        self.last = Some(refusal);
        Next::Elsewhere
    }

    fn leave(&mut self, project: pool::ProjectId) {
        if !self.failed.contains(&project) {
            self.failed.push(project);
        }
    }
}

/// What a call is told for which no project has room.
pub(super) fn refusal_of(opening: Opening, private: bool) -> Refusal {
    match opening {
        Opening::NoKey if private => Refusal::NoPrivateProject,
        Opening::At(opens, Why::Share) => Refusal::Paced { opens },
        Opening::At(opens, Why::Away) => Refusal::Alone { opens },
        Opening::At(_, Why::Bench | Why::NoKey | Why::Disabled)
        | Opening::Now
        | Opening::NoKey
        | Opening::Tried => Refusal::NoKey,
        Opening::At(opens, Why::Soft | Why::Model) => Refusal::Resting { opens },
        Opening::At(opens, _) => Refusal::Busy { opens },
        Opening::Day(opens) => Refusal::DayUsedUp { opens },
        Opening::NotOffered => Refusal::NotOffered,
        Opening::TooLarge { limit } => Refusal::TooLarge { limit },
    }
}

/// What upstream said about the request itself ends the call.
fn final_word(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Upstream(outcome) => Refusal::Request(outcome),
        other => other,
    }
}

/// Is it about how much, and not about what?
pub(super) fn is_quota(cause: &Cause) -> bool {
    matches!(cause, Cause::QuotaExhausted(_) | Cause::ModelNotOffered(_) | Cause::Throttled { .. })
}

/// A duration between the two, spread by the seed.
fn between(least: Duration, most: Duration, seed: u64) -> Duration {
    let span = most.saturating_sub(least);
    least + span.mul_f64(f64::from(u32::try_from(seed >> 32).unwrap_or(0)) / f64::from(u32::MAX))
}
