//! What is said of a key, which keys are meant, and what became of them.

use super::ProjectId;
use crate::clock::Moment;

/// What operators say of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyWords {
    /// Its name, or nothing.
    pub label: String,
    /// Free text, or nothing.
    pub note: String,
    /// Short words to find it by, each once; none has a space in it.
    pub tags: Vec<String>,
}

/// Which keys are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Those with this tag; none for any.
    pub tag: Option<String>,
    /// Those of this project; none for any.
    pub project: Option<ProjectId>,
    /// Those that are switched on, or off; none for both.
    pub enabled: Option<bool>,
}

/// A turn in the life of a key: the state it came into, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: Moment,
    /// The id of the key; of a project, if all its keys are concerned.
    pub owner: String,
    /// The model it is about; nothing for all of them.
    pub model: String,
    /// The state's name: `ready`, `benched`, `dead`, `disabled`.
    pub state: String,
    /// When that state ends by itself, if it does.
    pub until: Option<Moment>,
    /// Why, in a few words.
    pub reason: String,
    /// What Google said, shortened and redacted; nothing if it was not Google.
    pub detail: String,
}
