//! From what Google said to whom the pool benches (`wire.md` §9.3).

use std::time::Duration;

use dialect::gemini::outcome::{Bench, Cause, DeadReason, Outcome};
use dialect::gemini::quota::{self, Quota};
use pool::{Blame, Measure, Violation, Window};

/// Whom the pool should bench for an outcome: nobody, or one. `age_ms` is how long the key has been known.
pub(super) fn blame_for(outcome: &Outcome, age_ms: i64) -> Option<Blame> {
    let reason = outcome.cause.label();
    if let Cause::QuotaExhausted(quota) = &outcome.cause {
        return Some(quota_blame(quota));
    }
    Some(match outcome.cause.bench() {
        // The relay sees to the way out, and quotas were seen to above.
        Bench::Nothing
        | Bench::EgressFor(_)
        | Bench::EgressAfter { .. }
        | Bench::ProjectModelMinute { .. }
        | Bench::ProjectModelDay => return None,
        Bench::KeyDead { reason, confirm_after: Some(_) } => {
            Blame::KeySuspect { reason: reason.label().into() }
        }
        Bench::KeyDeadUnlessYoung { young, pause, .. } if age_ms < millis(young) => {
            Blame::KeyFor { ms: millis(pause), reason: DeadReason::Expired.label().into() }
        }
        Bench::KeyDead { reason, confirm_after: None } | Bench::KeyDeadUnlessYoung { reason, .. } => {
            Blame::KeyDead { reason: reason.label().into() }
        }
        Bench::KeyFor(_) => Blame::KeyMisconfigured { reason: misconfigured(&outcome.cause).into() },
        Bench::KeyModelFor(pause) => Blame::KeyModelFor { ms: millis(pause), reason: reason.into() },
        Bench::ProjectDead(reason) => Blame::ProjectDead { reason: reason.label().into() },
        Bench::ProjectFor(pause) => Blame::ProjectFor { ms: millis(pause), reason: reason.into() },
        Bench::ProjectModelAbsent(_) => Blame::NotOffered,
        Bench::ProjectModelBackoff { first, .. } => Blame::Throttled { retry_after_ms: Some(millis(first)) },
        Bench::ModelFor { .. } => Blame::Overloaded,
    })
}

fn misconfigured(cause: &Cause) -> String {
    match cause {
        Cause::KeyMisconfigured { reason } => reason.clone(),
        other => other.label().to_owned(),
    }
}

fn quota_blame(quota: &Quota) -> Blame {
    let violations = quota.violations.iter().map(|violation| Violation {
        window: match violation.window {
            quota::Window::Minute => Window::Minute,
            quota::Window::Day => Window::Day,
        },
        measure: match violation.measure {
            quota::Measure::Requests => Measure::Requests,
            quota::Measure::InputTokens => Measure::InputTokens,
        },
        limit: violation.limit,
        bucket_model: violation.model.clone(),
    });
    Blame::Quota {
        violations: violations.collect(),
        retry_after_ms: quota.retry_delay.map(millis),
        free_tier: quota.free_tier,
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
