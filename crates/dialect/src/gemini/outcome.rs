//! What an upstream failure means: one body in, one verdict out.
//!
//! The catalogue of bodies is `wire.md` §9.1 (E1–E31), the decision table §9.3.

use std::time::Duration;

use super::quota::Quota;

mod classify;
mod decide;
mod evidence;
#[cfg(test)]
mod tests;

pub use classify::classify;
pub use decide::{Bench, DeadReason, Retry};

/// What one failed upstream answer means. Success never becomes an `Outcome`.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What went wrong.
    pub cause: Cause,
    /// HTTP status as received (an in-stream error keeps its own `code`).
    pub status: u16,
    /// Google's RPC status name, if the body had one.
    pub rpc_status: Option<String>,
    /// Google's message, redacted; empty if there was none.
    pub message: String,
    /// The project number from `metadata.consumer`, if the body had one.
    pub consumer: Option<String>,
}

/// What went wrong, by whose fault it is (`wire.md` §9.3).
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// E1, E3: the key is not valid (or a standard key that Google no longer takes).
    KeyInvalid,
    /// E2: "expired", also seen minutes after a key was made.
    KeyExpired,
    /// E4: two credentials were sent: our own bug.
    CredentialsDoubled,
    /// E5: Google refuses the region we call from; the egress is to blame.
    RegionBlocked,
    /// E6: the prompt is too long.
    ContextTooLong,
    /// E7, E8, E9 and any other 400: the request is to blame. `repair` names what may mend it.
    InvalidRequest {
        /// An entry of the repair table (`wire.md` §3.3) that fits the message.
        repair: Option<Repair>,
    },
    /// E10: reported as leaked.
    KeyLeaked,
    /// E11: the project is suspended, or was denied access.
    ProjectSuspended,
    /// E12, E13, E14: the key or project is not set up for this API; the reason is Google's.
    KeyMisconfigured {
        /// `SERVICE_DISABLED`, `API_KEY_SERVICE_BLOCKED`, `API_KEY_HTTP_REFERRER_BLOCKED`, …
        reason: String,
    },
    /// E15: a file or cache of another project, or none at all.
    ResourceForbidden,
    /// E16: "The caller does not have permission".
    PermissionDenied,
    /// E17: the model does not exist (for this project).
    ModelNotFound,
    /// E18, E23: a quota is used up. The tightest violation decides; all are listed.
    QuotaExhausted(Quota),
    /// E19: `limit: 0`: this project has no quota for the model at all.
    ModelNotOffered(Quota),
    /// E20, E21, E24: throttled without saying which quota.
    Throttled {
        /// Google's advice, if any.
        retry_delay: Option<Duration>,
    },
    /// E22: prepaid credits are used up.
    BillingDepleted,
    /// 429 or 403 with an HTML page about automated queries: the egress address is flagged.
    EgressFlagged,
    /// E25: internal error.
    Internal,
    /// E26: the model is overloaded.
    Overloaded,
    /// E27, E28: Google's own deadline passed.
    DeadlineExceeded,
    /// E29: 408, 409, 499, 501, 502 and anything else that is not the caller's fault.
    Unavailable,
    /// E30: the account is limited under the use policy (`PUP_LIMITED_DISABLED`).
    AccountLimited,
    /// E31: the request is too large in bytes.
    PayloadTooLarge,
}

/// An entry of the learned repair table (`wire.md` §3.3): what to change before one resend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repair {
    /// Use the next higher thinking level, else none.
    RaiseThinkingLevel,
    /// Clamp the thinking budget, or say it as a level.
    ClampThinkingBudget,
    /// Keep the one of level and budget that the generation knows.
    SplitThinking,
    /// Drop thinkingConfig: the model does not think.
    DropThinking,
    /// Add a blank text part to contents that are all media.
    AddBlankText,
    /// Drop contents without parts.
    DropEmptyContents,
    /// Drop both penalties.
    DropPenalties,
    /// One candidate only.
    SingleCandidate,
    /// Strip ids from function calls and responses.
    StripFunctionIds,
    /// Echo ids on both sides.
    EchoFunctionIds,
    /// Put the sentinel on unsigned calls.
    AddSentinels,
    /// Replace every signature by the sentinel (calls) or drop it (text).
    ReplaceSignatures,
    /// Run the tool-history normaliser in strict mode.
    NormaliseHistory,
    /// Drop built-in tools, keep functions.
    DropBuiltinTools,
    /// Drop JSON mode, ask for JSON in words.
    DropJsonMode,
    /// Fold the system instruction into the first user turn.
    FoldSystemInstruction,
}
