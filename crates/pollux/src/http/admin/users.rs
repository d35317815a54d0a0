//! The users of the gateway: `/admin/users`.

pub(super) mod add;
pub(super) mod check;
pub(super) mod delete;
pub(super) mod list;
pub(super) mod rotate;
pub(super) mod show;
pub(super) mod switch;

use serde::Serialize;

use crate::clock;
use crate::secret::Secret;
use crate::store::record::UserRow;

/// A user as the operator sees it.
#[derive(Debug, Serialize)]
pub(super) struct User {
    pub(super) id: String,
    name: String,
    /// What may be shown of its key.
    hint: String,
    enabled: bool,
    expires_at: Option<String>,
    created_at: String,
    /// To the minute or so.
    last_used_at: Option<String>,
}

/// A user whose key was made now. It cannot be read again.
#[derive(Serialize)]
pub(super) struct Keyed {
    key: String,
    #[serde(flatten)]
    user: User,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let UserRow {
            id,
            name,
            lookup: _,
            hint,
            enabled,
            expires_at,
            created_at,
            last_used_at,
            updated_at: _,
        } = row;
        Self {
            id: id.as_str().to_owned(),
            name,
            hint,
            enabled,
            expires_at: expires_at.map(clock::iso),
            created_at: clock::iso(created_at),
            last_used_at: last_used_at.map(clock::iso),
        }
    }
}

impl Keyed {
    fn new(row: UserRow, key: &Secret) -> Self {
        Self { key: key.expose().to_owned(), user: row.into() }
    }
}
