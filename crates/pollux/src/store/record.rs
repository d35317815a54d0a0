//! The rows of the store, as the rest of the program sees them.

mod body;
mod key;
mod operator;
mod resource;
mod rules;

use std::fmt;
use std::sync::Arc;

use crate::clock::Moment;

pub use body::BodiesRow;
pub use key::{KeyFilter, KeyWords, Turn};
pub use operator::{AuditFilter, AuditRow, OperatorRow, SessionRow};
pub use resource::ResourceRow;
pub use rules::{Injection, InjectionPosition, Priority, Rules};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

row_id!(
    /// The id of a project.
    ProjectId
);
row_id!(
    /// The id of an upstream key.
    KeyId
);
row_id!(
    /// The id of a user.
    UserId
);

/// A Google project: the owner of quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRow {
    /// Its id here.
    pub id: ProjectId,
    /// The name an operator gave it. None for the project of one key whose project is unknown.
    pub label: Option<String>,
    /// Google's number of it, once an answer told.
    pub google_number: Option<String>,
    /// `free`, `paid` or `unknown`; whatever else is a name of a paid tier.
    pub tier: String,
    /// Share of calls relative to others, 1 by default.
    pub weight: i64,
    /// Higher is asked first, as long as it has room; 0 by default.
    pub priority: i64,
    /// Whether its keys may be used.
    pub enabled: bool,
    /// Free text of the operator.
    pub notes: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last written.
    pub updated_at: Moment,
}

/// Which project a new key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A project that exists.
    Project(ProjectId),
    /// The project with this label, made if there is none.
    Label(String),
    /// Unknown: a project of its own is made for it.
    Own,
}

/// Where a key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Given through the admin API, the console or the command line.
    Admin,
    /// Read from the environment at start.
    Environment,
}

impl Origin {
    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Environment => "environment",
        }
    }
}

/// A key to be added. The caller has sealed it with a context that names `id`.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Its id, from `id::new("key", now)`.
    pub id: KeyId,
    /// Its project.
    pub owner: Owner,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// The hash it is found by.
    pub lookup: [u8; 32],
    /// What may be shown of it.
    pub hint: String,
    /// What the operator says of it.
    pub words: KeyWords,
    /// Where it came from.
    pub origin: Origin,
}

/// What became of a key that was to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is new.
    Added {
        /// The key.
        key: KeyId,
        /// The project it belongs to.
        project: ProjectId,
    },
    /// It was there already.
    Duplicate {
        /// The key that was there.
        key: KeyId,
    },
}

/// An upstream key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its id.
    pub id: KeyId,
    /// Its project.
    pub project: ProjectId,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// What may be shown of it.
    pub hint: String,
    /// What the operator says of it.
    pub words: KeyWords,
    /// Whether it may be used.
    pub enabled: bool,
    /// What the pool knows about it.
    pub state: KeyState,
    /// Where it came from.
    pub origin: Origin,
    /// When it was added.
    pub created_at: Moment,
    /// When it was last written.
    pub updated_at: Moment,
}

/// What the pool found out about a key, in the pool's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// The state's name: `ready`, `dead`, …
    pub name: String,
    /// Why, for people; nothing if there is nothing to say.
    pub reason: String,
    /// Since when.
    pub since: Moment,
}

/// A user to be added.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Its id, from `id::new("user", now)`.
    pub id: UserId,
    /// Its name; several users may have the same.
    pub name: String,
    /// The hash of its key.
    pub lookup: [u8; 32],
    /// What may be shown of its key.
    pub hint: String,
    /// When its key stops working.
    pub expires_at: Option<Moment>,
    /// Served by paid projects only.
    pub private: bool,
    /// Its share of turns and of the day relative to others.
    pub weight: u32,
    /// What it may do, and how much of it.
    pub rules: Rules,
}

/// A user of the gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// The hash of its key.
    pub lookup: [u8; 32],
    /// What may be shown of its key.
    pub hint: String,
    /// Whether it may call.
    pub enabled: bool,
    /// When its key stops working.
    pub expires_at: Option<Moment>,
    /// Served by paid projects only.
    pub private: bool,
    /// Its share of turns and of the day relative to others.
    pub weight: u32,
    /// What it may do, and how much of it.
    pub rules: Rules,
    /// When it was made.
    pub created_at: Moment,
    /// When it last called, to the minute or so.
    pub last_used_at: Option<Moment>,
    /// When it was last written.
    pub updated_at: Moment,
}

/// One version of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsVersion {
    /// Counts from 1.
    pub version: i64,
    /// When it was made.
    pub at: Moment,
    /// Who made it.
    pub author: String,
    /// Why, if there is a reason to tell.
    pub note: String,
    /// Every stored setting, a JSON object.
    pub stored: String,
    /// What it changed, a JSON array.
    pub changes: String,
}

/// What a bucket used in one day, or what to add to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// The project.
    pub project: ProjectId,
    /// The model.
    pub model: String,
    /// The Pacific date, `2026-11-30`.
    pub day: String,
    /// Requests.
    pub requests: i64,
    /// Tokens.
    pub tokens: i64,
}

/// A limit of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The project; none for what holds for all of them.
    pub project: Option<ProjectId>,
    /// The model.
    pub model: String,
    /// What is counted: `requests` or `tokens`.
    pub measure: String,
    /// Over which window: `minute` or `day`.
    pub window: String,
    /// The limit.
    pub value: i64,
    /// Who says so: `operator`, `google`, …
    pub provenance: String,
    /// When it was said.
    pub learned_at: Moment,
}

/// Which limits are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitFilter {
    /// Those of this project (`Some(None)`: those of all projects); none for any.
    pub project: Option<Option<ProjectId>>,
    /// Those of this model; none for any.
    pub model: Option<String>,
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("id", &self.id).field("hint", &self.hint).finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRow").field("id", &self.id).field("hint", &self.hint).finish_non_exhaustive()
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for UserRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserRow").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}
