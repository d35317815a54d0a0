//! The users of the gateway: `/admin/users`.

pub(super) mod add;
pub(super) mod change;
pub(super) mod check;
pub(super) mod delete;
pub(super) mod list;
pub(super) mod rotate;
mod rules;
pub(super) mod show;
pub(super) mod switch;
mod usage;

use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;
use super::fields::Fields;
use crate::clock::{self, Moment};
use crate::secret::Secret;
use crate::store::record::{Injection, Priority, Rules, UserRow};

use rules::ShownLimits;

/// A user as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct User {
    pub(super) id: String,
    name: String,
    /// What may be shown of its key.
    hint: String,
    enabled: bool,
    expires_at: Option<String>,
    /// Served by paid projects only.
    private: bool,
    /// Its share of turns and of the day relative to others.
    weight: u32,
    /// Whose calls go first when there is no room for all.
    priority: Priority,
    /// Models it may ask for; empty for all.
    models: Vec<String>,
    /// Where it may call from; empty for everywhere.
    addresses: Vec<String>,
    limits: ShownLimits,
    /// What is said in each of its calls besides what it says itself.
    injection: Option<Injection>,
    /// Whether what is said in its calls is kept for a while.
    log_bodies: bool,
    created_at: String,
    /// To the minute or so.
    last_used_at: Option<String>,
}

/// A user whose key was made now. It cannot be read again.
#[derive(Serialize, ToSchema)]
#[schema(as = UserWithKey)]
pub(super) struct Keyed {
    key: String,
    #[serde(flatten)]
    pub(super) user: User,
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
            private,
            weight,
            rules,
            created_at,
            last_used_at,
            updated_at: _,
        } = row;
        let Rules { models, addresses, caps, priority, injection, log_bodies } = rules;
        Self {
            id: id.as_str().to_owned(),
            name,
            hint,
            enabled,
            expires_at: expires_at.map(clock::iso),
            private,
            weight,
            priority,
            models,
            addresses,
            limits: caps.into(),
            injection,
            log_bodies,
            created_at: clock::iso(created_at),
            last_used_at: last_used_at.map(clock::iso),
        }
    }
}

/// When a key stops working, if that is not over already.
fn expiry(fields: &Fields, now: Moment) -> Result<Option<Moment>, Problem> {
    let at = fields.moment("expires_at")?;
    if at.is_some_and(|at| at <= now) {
        return Err(Problem::field("expires_at", "is over already"));
    }
    Ok(at)
}

impl Keyed {
    fn new(row: UserRow, key: &Secret) -> Self {
        Self { key: key.expose().to_owned(), user: row.into() }
    }
}
