//! What a simulator is started with.

use std::path::PathBuf;

use crate::script::Script;

/// Everything that can be chosen when a simulator starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Google projects to invent. Ignored when `keys` names them.
    pub projects: u32,
    /// Keys in each invented project.
    pub keys_per_project: u32,
    /// Keys given by name, instead of invented ones.
    pub keys: Vec<NamedKey>,
    /// The price list whose default limits apply.
    pub tier: Tier,
    /// Limits that replace the defaults of the tier.
    pub limits: Vec<LimitOverride>,
    /// How a minute is measured.
    pub minute_window: MinuteWindow,
    /// Epoch milliseconds at which the clock stands until it is turned. `None` follows the real time.
    pub clock_start: Option<i64>,
    /// Whether a clock that starts at an instant goes on from there as tokio's time does, which tests can pause.
    pub clock_goes_on: bool,
    /// How slowly answers are written.
    pub pacing: Pacing,
    /// Seed of the keys and of the signatures.
    pub seed: u64,
    /// Faults and key states to begin with.
    pub script: Option<Script>,
    /// Folder of recordings to answer from, instead of inventing answers.
    pub replay: Option<PathBuf>,
    /// Whether a thought signature is refused in another project than the one that issued it.
    pub bind_signatures: bool,
    /// Whether a prompt seen before in the same project reports cached tokens.
    pub implicit_cache: bool,
    /// Output tokens after which a Gemini 4 answer pauses with `CONTINUATION`.
    pub hop_tokens: u64,
    /// How many requests `GET /__sim/state` remembers.
    pub recent_requests: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            projects: 1,
            keys_per_project: 1,
            keys: Vec::new(),
            tier: Tier::Free,
            limits: Vec::new(),
            minute_window: MinuteWindow::Sliding,
            clock_start: None,
            clock_goes_on: false,
            pacing: Pacing::default(),
            seed: 0,
            script: None,
            replay: None,
            bind_signatures: false,
            implicit_cache: false,
            hop_tokens: 32_768,
            recent_requests: 64,
        }
    }
}

/// A key that a caller wants to exist, and the project it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey {
    /// Number of the project.
    pub project: u32,
    /// The key itself.
    pub key: String,
}

/// The price list of a project.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tier {
    /// Small limits; some models are not offered at all.
    #[default]
    Free,
    /// Tier 1 with billing.
    Paid,
}

impl Tier {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paid => "paid",
        }
    }
}

/// Limits of one project and model. `None` is unlimited, zero is "not offered".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Input tokens per minute.
    pub tpm: Option<u64>,
    /// Requests per Pacific day.
    pub rpd: Option<u64>,
}

/// Limits for one model, or for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitOverride {
    /// A model id, or `*`.
    pub model: String,
    /// Restricts the override to one project.
    pub project: Option<u32>,
    /// The limits, all three of them.
    pub limits: Limits,
}

/// How a minute is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MinuteWindow {
    /// The sixty seconds before now.
    #[default]
    Sliding,
    /// The minute on the clock.
    Clock,
}

/// How slowly an answer is written. Zero does not wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pacing {
    /// Milliseconds before the first event.
    pub first_ms: u64,
    /// Milliseconds between events.
    pub between_ms: u64,
}

/// Why a simulator could not start or be told something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No key is configured, so there is nobody to answer.
    #[error("no keys: projects and keys per project must both be at least 1")]
    NoKeys,
    /// One key text appears twice.
    #[error("key {label} is named twice")]
    DuplicateKey {
        /// Which key, as `p<project>k<index>`.
        label: String,
    },
    /// A fault name that does not exist.
    #[error("unknown fault '{0}'; the names are listed in docs/simulator.md")]
    UnknownFault(String),
    /// A script that does not parse.
    #[error("script: {0}")]
    Script(#[from] serde_json::Error),
    /// A recording that cannot be read.
    #[error("recordings in {path}: {reason}")]
    Recording {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
