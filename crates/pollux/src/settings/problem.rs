//! What is wrong with a change, said so that it can be put right.

use std::fmt;

use crate::store::StoreError;

/// What a value has wrong: the reason and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it.
    pub way_out: String,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A JSON pointer (RFC 6901): `/models/gemini-2.5-pro/thinking_budget`.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it.
    pub way_out: String,
}

/// Why settings were not changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Everything that is wrong, at once.
    #[error("the settings would not be valid: {}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join(" "))]
    Invalid(Vec<Problem>),
    /// Somebody else was faster.
    #[error("the settings have changed since; version {version} holds now")]
    Stale {
        /// The version that holds.
        version: i64,
    },
    /// There is no such version to go back to.
    #[error("there is no version {0} of the settings")]
    NoVersion(i64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bad {
    /// A reason, which follows the value's name, and a way out.
    pub fn new(reason: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { reason: reason.into(), way_out: way_out.into() }
    }
}

impl Problem {
    pub(super) fn new(name: &str, below: &str, bad: Bad) -> Self {
        let Bad { reason, way_out } = bad;
        Self { pointer: format!("/{}{below}", escaped(name)), reason, way_out }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, reason, way_out } = self;
        write!(formatter, "`{pointer}` {reason}; {way_out}.")
    }
}

/// A member's name as it stands in a JSON pointer. Names come from a client: they are cut.
pub(super) fn escaped(name: &str) -> String {
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
    name.replace('~', "~0").replace('/', "~1")
}
