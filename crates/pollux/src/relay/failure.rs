//! How an attempt can fail before anything of it reached the client.

use dialect::gemini::outcome::Outcome;

use crate::keyring::Lease;
use crate::telemetry::call::Flop;
use crate::upstream::{BodyError, SendError};

/// How an attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Google said so.
    Upstream(Box<Outcome>),
    /// Google said so after it had taken the call.
    InBand(Box<Outcome>),
    /// The conversation broke before an answer came.
    Network {
        /// What happened, for the client and the log; names no key.
        what: String,
        /// A short name for metrics.
        label: &'static str,
        /// Google cannot have begun to work on it.
        unsent: bool,
    },
    /// No first event within the time one attempt may take.
    FirstEventLate,
    /// An answer that is no answer: empty, cut off, malformed.
    BadAnswer(&'static str),
}

impl Failure {
    /// A short name for logs and metrics.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Upstream(outcome) | Self::InBand(outcome) => outcome.cause.label(),
            Self::Network { label, .. } => label,
            Self::FirstEventLate => "first_event_late",
            Self::BadAnswer(what) => what,
        }
    }

    /// What is written down of it.
    pub(super) fn flop(&self) -> Flop {
        let (status, reason) = match self {
            Self::Upstream(outcome) | Self::InBand(outcome) => (outcome.status, outcome.message.clone()),
            Self::Network { what, .. } => (0, what.clone()),
            Self::FirstEventLate | Self::BadAnswer(_) => (0, String::new()),
        };
        Flop { label: self.label(), status, reason, counted: self.was_counted() }
    }

    /// Benches who is to blame for it.
    pub(super) fn blame(&self, lease: &Lease) {
        if let Self::Upstream(outcome) | Self::InBand(outcome) = self {
            lease.blame(outcome);
        }
    }

    /// May Google have counted the request against its quotas? `wire.md` §9.2: what it accepts counts.
    pub(super) fn was_counted(&self) -> bool {
        match self {
            Self::Upstream(outcome) => outcome.cause.was_counted(),
            Self::Network { unsent, .. } => !unsent,
            Self::InBand(_) | Self::FirstEventLate | Self::BadAnswer(_) => true,
        }
    }
}

impl From<Outcome> for Failure {
    fn from(outcome: Outcome) -> Self {
        Self::Upstream(Box::new(outcome))
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        if matches!(error, SendError::FirstByteTimeout | SendError::TotalTimeout) {
            return Self::FirstEventLate;
        }
        Self::Network { what: error.to_string(), label: error.label(), unsent: error.proves_not_executed() }
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        if matches!(error, BodyError::FirstByteTimeout | BodyError::IdleTimeout | BodyError::TotalTimeout) {
            return Self::FirstEventLate;
        }
        Self::Network { what: error.to_string(), label: error.label(), unsent: error.proves_not_executed() }
    }
}
