//! One line of the call log.

use serde::{Deserialize, Serialize};

use crate::clock::{Moment, of_iso};

/// A call that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When it came.
    pub at: At,
    /// The user's id.
    pub user: String,
    /// The model's id.
    pub model: String,
    /// Input tokens as Google counted them, or as estimated if it never did.
    pub input_tokens: u64,
    /// Output tokens, thoughts included.
    #[serde(default)]
    pub output_tokens: u64,
    /// Milliseconds from arrival to end, waiting included.
    #[serde(default)]
    pub ms: i64,
    /// The project that was asked last.
    #[serde(default)]
    pub project: Option<String>,
    /// Requests to Google.
    #[serde(default)]
    pub attempts: u32,
    /// `answered`, `cut`, `dropped`, or why it was refused.
    #[serde(default)]
    pub outcome: String,
}

/// A moment, as it is written or as other programs write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "`at` is no moment; write ISO 8601 or milliseconds since 1970")]
pub enum At {
    /// ISO 8601.
    Iso(String),
    /// Milliseconds since 1970.
    Ms(i64),
}

impl At {
    /// The moment, if it is one.
    pub fn moment(&self) -> Option<Moment> {
        match self {
            Self::Iso(text) => of_iso(text),
            Self::Ms(ms) => Some(Moment(*ms)),
        }
    }
}
