//! Rows of operators, of their sessions and of what they did.

use std::fmt;

use crate::clock::Moment;

/// An operator.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorRow {
    /// Its id.
    pub id: String,
    /// Its name as it was written.
    pub name: String,
    /// `viewer` or `admin`.
    pub role: String,
    /// The hash of its password, with salt and costs.
    pub password: String,
    /// Whether it may log in.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last written.
    pub updated_at: Moment,
    /// When it last logged in.
    pub seen_at: Option<Moment>,
}

impl fmt::Debug for OperatorRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, role, password: _, enabled, created_at, updated_at, seen_at } = self;
        formatter
            .debug_struct("OperatorRow")
            .field("id", id)
            .field("name", name)
            .field("role", role)
            .field("enabled", enabled)
            .field("created_at", created_at)
            .field("updated_at", updated_at)
            .field("seen_at", seen_at)
            .finish_non_exhaustive()
    }
}

/// A session of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id, which opens nothing.
    pub id: String,
    /// The hash of its cookie.
    pub lookup: [u8; 32],
    /// Whose it is; empty for the holder of the admin token.
    pub operator: String,
    /// When it began.
    pub created_at: Moment,
    /// When it was last used, to the minute.
    pub seen_at: Moment,
    /// When its operator last proved who it is.
    pub confirmed_at: Moment,
    /// Where it began.
    pub address: String,
    /// The program it began in.
    pub agent: String,
}

/// Something that an operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id, ordered by time.
    pub id: String,
    /// When.
    pub at: Moment,
    /// Who, by name.
    pub operator: String,
    /// How it was recognised.
    pub via: String,
    /// From where; empty if that is not known.
    pub address: String,
    /// What, as method and route: `POST /admin/keys/{id}/enable`.
    pub action: String,
    /// To what: an id or a name; empty for the whole.
    pub object: String,
    /// How it ended, as an HTTP status.
    pub status: u16,
    /// What was different afterwards, as a JSON object of pairs; `{}` if that was not noted.
    pub changes: String,
}

/// Which acts to list; none of the fields set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this operator.
    pub operator: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// On this object.
    pub object: Option<String>,
    /// At this moment or later.
    pub since: Option<Moment>,
    /// Before this moment.
    pub until: Option<Moment>,
}
