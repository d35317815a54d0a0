//! From a cause to what is done about it (`wire.md` §9.3): whether to try again and who sits out.

use std::time::Duration;

use super::{Cause, Repair};
use crate::gemini::quota::{Quota, Window};

/// No bound of its own: the relay's attempt budget decides.
const BUDGET_DECIDES: u8 = u8::MAX;

/// Whether and where to try again. Every attempt also needs room in the relay's budget (`wire.md` §9.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Never: the client gets the answer.
    No,
    /// Once on the same key after this change to the request, not counted against anything; else as `No`.
    SameRepaired(Repair),
    /// Once on the same key, but only while less than half of the client's deadline is used; else as `No`.
    SameIfEarly,
    /// At most `max` more attempts, the same key after a back-off included.
    SameOrElsewhere {
        /// Attempts.
        max: u8,
    },
    /// At most `max` more attempts, each on another project; `u8::MAX` leaves it to the budget.
    Elsewhere {
        /// Attempts.
        max: u8,
    },
    /// As `Elsewhere`, after waiting a random time between the two: the model is busy, not the key.
    ElsewhereAfter {
        /// Attempts.
        max: u8,
        /// Least wait.
        least: Duration,
        /// Longest wait.
        most: Duration,
    },
    /// Only through another egress address.
    OtherEgress,
    /// Only on the project that owns the file or cache, if it is known and was not the one asked.
    Owner,
}

/// Why a key is out for good, until an operator or a re-probe says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadReason {
    /// Not valid, or a standard key that Google no longer takes.
    Invalid,
    /// Expired.
    Expired,
    /// Reported as leaked.
    Leaked,
    /// The project is suspended.
    Suspended,
}

impl DeadReason {
    /// For logs and the database.
    pub fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Expired => "expired",
            Self::Leaked => "leaked",
            Self::Suspended => "suspended",
        }
    }
}

/// Who sits out, and for how long. Every bench but the dead ones ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bench {
    /// Nobody.
    Nothing,
    /// The key, for good.
    KeyDead {
        /// Why.
        reason: DeadReason,
        /// Bench it at once, but call it dead only when a probe after this time fails too: fresh keys need
        /// minutes to spread.
        confirm_after: Option<Duration>,
    },
    /// The key: for `pause` while it is younger than `young`, else for good.
    KeyDeadUnlessYoung {
        /// Why.
        reason: DeadReason,
        /// How long a key counts as fresh.
        young: Duration,
        /// How long a fresh key sits out.
        pause: Duration,
    },
    /// The key, whatever the model; then it is probed. The cause's reason tells the operator what to mend.
    KeyFor(Duration),
    /// The key for this model. Three in a row on different models: the key.
    KeyModelFor(Duration),
    /// All keys of the project, for good.
    ProjectDead(DeadReason),
    /// The project for all models; then it is probed. An operator should look.
    ProjectFor(Duration),
    /// The project's minute bucket of this model: for this delay, without one to the next full minute.
    ProjectModelMinute {
        /// What Google advised.
        retry_delay: Option<Duration>,
    },
    /// The project's day bucket of this model: to the next midnight in Los Angeles, plus up to 120 s of jitter.
    ProjectModelDay,
    /// The model is not offered to this project: for so long, then probed. Not a rate limit.
    ProjectModelAbsent(Duration),
    /// The project for this model, doubling from `first` to `last`; a success starts over.
    ProjectModelBackoff {
        /// The first pause; Google's advice where it gave one.
        first: Duration,
        /// The longest pause.
        last: Duration,
    },
    /// The model on every project, for a random time between the two.
    ModelFor {
        /// Least pause.
        least: Duration,
        /// Longest pause.
        most: Duration,
    },
    /// The egress address.
    EgressFor(Duration),
    /// The egress address, once so many failures came one after the other.
    EgressAfter {
        /// Failures in a row.
        failures: u32,
        /// The pause.
        pause: Duration,
    },
}

impl Cause {
    /// Whether and where to try again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::CredentialsDoubled | Self::ContextTooLong | Self::PayloadTooLarge => Retry::No,
            Self::InvalidRequest { repair } => repair.map_or(Retry::No, Retry::SameRepaired),
            Self::RegionBlocked | Self::EgressFlagged => Retry::OtherEgress,
            Self::ResourceForbidden => Retry::Owner,
            Self::PermissionDenied | Self::ModelNotFound => Retry::Elsewhere { max: 1 },
            Self::Throttled { .. } => Retry::Elsewhere { max: 2 },
            Self::Internal => Retry::SameOrElsewhere { max: 2 },
            Self::Overloaded => Retry::ElsewhereAfter {
                max: 2,
                least: Duration::from_millis(500),
                most: Duration::from_secs(2),
            },
            Self::DeadlineExceeded => Retry::SameIfEarly,
            Self::KeyInvalid
            | Self::KeyExpired
            | Self::KeyLeaked
            | Self::ProjectSuspended
            | Self::KeyMisconfigured { .. }
            | Self::QuotaExhausted(_)
            | Self::ModelNotOffered(_)
            | Self::BillingDepleted
            | Self::Unavailable
            | Self::AccountLimited => Retry::Elsewhere { max: BUDGET_DECIDES },
        }
    }

    /// Who sits out, and for how long.
    pub fn bench(&self) -> Bench {
        let dead = |reason| Bench::KeyDead { reason, confirm_after: None };
        match self {
            Self::CredentialsDoubled
            | Self::ContextTooLong
            | Self::PayloadTooLarge
            | Self::InvalidRequest { .. }
            | Self::ResourceForbidden
            | Self::Internal
            | Self::DeadlineExceeded => Bench::Nothing,
            Self::KeyInvalid => {
                Bench::KeyDead { reason: DeadReason::Invalid, confirm_after: Some(Duration::from_mins(1)) }
            }
            Self::KeyExpired => Bench::KeyDeadUnlessYoung {
                reason: DeadReason::Expired,
                young: Duration::from_hours(1),
                pause: Duration::from_mins(15),
            },
            Self::KeyLeaked => dead(DeadReason::Leaked),
            Self::ProjectSuspended => Bench::ProjectDead(DeadReason::Suspended),
            Self::KeyMisconfigured { .. } => Bench::KeyFor(Duration::from_hours(1)),
            Self::PermissionDenied => Bench::KeyModelFor(Duration::from_mins(10)),
            Self::ModelNotFound => Bench::KeyModelFor(Duration::from_hours(6)),
            Self::QuotaExhausted(quota) => exhausted(quota),
            Self::ModelNotOffered(_) => Bench::ProjectModelAbsent(Duration::from_hours(24)),
            Self::Throttled { retry_delay } => backoff(*retry_delay),
            Self::BillingDepleted | Self::AccountLimited => Bench::ProjectFor(Duration::from_hours(1)),
            Self::RegionBlocked => Bench::EgressFor(Duration::from_mins(10)),
            Self::EgressFlagged => Bench::EgressFor(Duration::from_hours(1)),
            Self::Overloaded => {
                Bench::ModelFor { least: Duration::from_secs(1), most: Duration::from_secs(5) }
            }
            Self::Unavailable => Bench::EgressAfter { failures: 3, pause: Duration::from_secs(30) },
        }
    }

    /// Whether Google may have counted the request against the project's quotas: it counts what it accepts, and a
    /// prompt that is too long still costs its tokens (`wire.md` §9.2).
    pub fn was_counted(&self) -> bool {
        match self {
            Self::ContextTooLong
            | Self::InvalidRequest { .. }
            | Self::Internal
            | Self::Overloaded
            | Self::DeadlineExceeded
            | Self::Unavailable
            | Self::ResourceForbidden => true,
            Self::KeyInvalid
            | Self::KeyExpired
            | Self::CredentialsDoubled
            | Self::RegionBlocked
            | Self::KeyLeaked
            | Self::ProjectSuspended
            | Self::KeyMisconfigured { .. }
            | Self::PermissionDenied
            | Self::ModelNotFound
            | Self::QuotaExhausted(_)
            | Self::ModelNotOffered(_)
            | Self::Throttled { .. }
            | Self::BillingDepleted
            | Self::EgressFlagged
            | Self::AccountLimited
            | Self::PayloadTooLarge => false,
        }
    }

    /// A short name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::KeyInvalid => "key_invalid",
            Self::KeyExpired => "key_expired",
            Self::CredentialsDoubled => "credentials_doubled",
            Self::RegionBlocked => "region_blocked",
            Self::ContextTooLong => "context_too_long",
            Self::InvalidRequest { .. } => "invalid_request",
            Self::KeyLeaked => "key_leaked",
            Self::ProjectSuspended => "project_suspended",
            Self::KeyMisconfigured { .. } => "key_misconfigured",
            Self::ResourceForbidden => "resource_forbidden",
            Self::PermissionDenied => "permission_denied",
            Self::ModelNotFound => "model_not_found",
            Self::QuotaExhausted(_) => "quota_exhausted",
            Self::ModelNotOffered(_) => "model_not_offered",
            Self::Throttled { .. } => "throttled",
            Self::BillingDepleted => "billing_depleted",
            Self::EgressFlagged => "egress_flagged",
            Self::Internal => "internal",
            Self::Overloaded => "overloaded",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Unavailable => "unavailable",
            Self::AccountLimited => "account_limited",
            Self::PayloadTooLarge => "payload_too_large",
        }
    }
}

fn exhausted(quota: &Quota) -> Bench {
    match quota.window() {
        Window::Minute => Bench::ProjectModelMinute { retry_delay: quota.retry_delay },
        Window::Day => Bench::ProjectModelDay,
    }
}

fn backoff(advice: Option<Duration>) -> Bench {
    let (shortest, longest) = (Duration::from_secs(5), Duration::from_mins(5));
    Bench::ProjectModelBackoff {
        first: advice.map_or(shortest, |delay| delay.clamp(shortest, longest)),
        last: longest,
    }
}
