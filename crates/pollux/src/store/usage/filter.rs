//! Which calls, sums and attempts are meant, and where a page of them starts.

use super::Attempt;
use crate::clock::Moment;

/// Which calls are meant; nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Began at this moment or later.
    pub from: Option<Moment>,
    /// Began before this moment.
    pub until: Option<Moment>,
    /// Of this user.
    pub user: Option<String>,
    /// On this key.
    pub key: Option<String>,
    /// On this project.
    pub project: Option<String>,
    /// For this model.
    pub model: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
}

/// A place in a list that goes from the newest to the oldest: the next page has what is older.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// When the last row of the page before began.
    pub began_ms: i64,
    /// Its id.
    pub id: String,
    /// Which attempt of the call, in a list of attempts; else 0.
    pub ordinal: i64,
}

/// Which sums are meant; nothing set means all. Hours are whole: the one in which `from` falls counts, and those that begin
/// at `until` or later do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// From the hour of this moment on.
    pub from: Option<Moment>,
    /// Hours that began before this moment.
    pub until: Option<Moment>,
    /// Of this user.
    pub user: Option<String>,
    /// On this key.
    pub key: Option<String>,
    /// On this project.
    pub project: Option<String>,
    /// For this model.
    pub model: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
}

/// What sums are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names explain themselves")]
pub enum By {
    Hour,
    Project,
    Key,
    User,
    Model,
    Outcome,
}

/// What a group is called: an hour's start in milliseconds, or an id or a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The start of an hour, milliseconds since 1970.
    Hour(i64),
    /// An id or a name; empty for calls that had none.
    Name(String),
}

/// Which attempts are meant; nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptFilter {
    /// Began at this moment or later.
    pub from: Option<Moment>,
    /// Began before this moment.
    pub until: Option<Moment>,
    /// On this key.
    pub key: Option<String>,
    /// On this project.
    pub project: Option<String>,
    /// For this model.
    pub model: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
}

/// An attempt, on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// The call it belongs to.
    pub call: String,
    /// Which of its attempts, from 0.
    pub ordinal: i64,
    /// When it began.
    pub began_ms: i64,
    /// The model's id.
    pub model: String,
    /// The rest.
    pub attempt: Attempt,
}
