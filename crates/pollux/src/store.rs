//! What outlives the process: projects, keys, users, settings, day counters, learned limits, and what calls used.
//!
//! [`Store`] is the port. It knows nothing of encryption: secrets arrive sealed, with an HMAC to find them by. One
//! contract suite (`store/contract.rs`) says what an implementation must do.
//!
//! Invariant: no list without a limit, no secret in clear, and no time or randomness of its own.

pub mod backup;
#[cfg(test)]
mod contract;
mod error;
pub mod record;
mod sql;
pub mod usage;

use std::fmt::Debug;

use async_trait::async_trait;

use crate::clock::Moment;
use crate::secret::{MasterKey, Secret};

pub use error::StoreError;
pub use sql::{PostgresSettings, PostgresUrl, SqlStore, SqliteSettings, Synchronous, TableSum};

use record::{
    AuditFilter, AuditRow, BodiesRow, DayCount, KeyFilter, KeyId, KeyRow, KeyState, KeyWords, Limit,
    LimitFilter, NewKey, NewUser, OperatorRow, ProjectId, ProjectRow, ResourceRow, SessionRow,
    SettingsVersion, Stored, Turn, UserId, UserRow,
};
use usage::{AttemptFilter, AttemptRow, By, CallFilter, Group, Place, Record, Sequenced, Sums, UsageFilter};

/// The most rows one page of a list has.
pub const PAGE: usize = 1_000;

/// How many turns of a key, or of a project, are kept.
pub const TURNS: usize = 100;

/// What every operation answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Everything that is kept. Lists are in the order of ids, which is the order of creation to the millisecond; the
/// next page starts `after` the last id of the one before.
pub trait Store:
    Projects + Keys + Timeline + Bodies + Users + Settings + Counters + Usage + Sessions + Audit + Resources
{
}

impl<T> Store for T where
    T: Projects
        + Keys
        + Timeline
        + Bodies
        + Users
        + Settings
        + Counters
        + Usage
        + Sessions
        + Audit
        + Resources
{
}

/// Upstream keys.
#[async_trait]
pub trait Keys: Debug + Send + Sync {
    /// Adds keys in one transaction: all or none. Answers in the order given. A key that is already there (same
    /// lookup hash), or earlier in the same list, is a duplicate and changes nothing.
    async fn insert_keys(&self, keys: &[NewKey], now: Moment) -> Result<Vec<Stored>>;

    /// One page of keys, at most [`PAGE`].
    async fn list_keys(&self, after: Option<&KeyId>, limit: usize) -> Result<Vec<KeyRow>>;

    /// One page of the keys of a filter, at most [`PAGE`].
    async fn find_keys(&self, filter: &KeyFilter, after: Option<&KeyId>, limit: usize)
    -> Result<Vec<KeyRow>>;

    /// All keys, read page by page. For the start of the program.
    async fn load_keys(&self) -> Result<Vec<KeyRow>> {
        let mut all: Vec<KeyRow> = Vec::new();
        loop {
            let page = self.list_keys(all.last().map(|row| &row.id), PAGE).await?;
            let last = page.len() < PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    /// The key of this id.
    async fn key(&self, id: &KeyId) -> Result<KeyRow>;

    /// Switches a key on or off.
    async fn enable_key(&self, id: &KeyId, enabled: bool, now: Moment) -> Result<()>;

    /// Counts a key to another project, which must exist.
    async fn move_key(&self, id: &KeyId, project: &ProjectId, now: Moment) -> Result<()>;

    /// Writes what an operator says of a key.
    async fn describe_key(&self, id: &KeyId, words: &KeyWords, now: Moment) -> Result<()>;

    /// Notes what the pool found out about a key.
    async fn set_key_state(&self, id: &KeyId, state: &KeyState, now: Moment) -> Result<()>;

    /// Removes a key and its secret. Its id stays taken for ever.
    async fn delete_key(&self, id: &KeyId, now: Moment) -> Result<()>;
}

/// What became of keys.
#[async_trait]
pub trait Timeline: Debug + Send + Sync {
    /// Notes turns. Of each owner the last [`TURNS`] are kept.
    async fn add_turns(&self, turns: &[Turn]) -> Result<()>;

    /// The turns of these owners together, at most [`PAGE`], the latest first.
    async fn list_turns(&self, owners: &[&str]) -> Result<Vec<Turn>>;

    /// Forgets turns from before `before`, at most so many; answers how many.
    async fn delete_turns_before(&self, before: Moment, at_most: usize) -> Result<u64>;
}

/// What was said in calls.
#[async_trait]
pub trait Bodies: Debug + Send + Sync {
    /// Keeps what was said. What is there already of a call stays as it is.
    async fn add_bodies(&self, rows: &[BodiesRow]) -> Result<()>;

    /// What was said in this call, if it is kept.
    async fn bodies(&self, call: &str) -> Result<Option<BodiesRow>>;

    /// Forgets what was said before `before`, at most of so many calls; answers of how many.
    async fn delete_bodies_before(&self, before: Moment, at_most: usize) -> Result<u64>;
}

/// Google projects, the owners of quota.
#[async_trait]
pub trait Projects: Debug + Send + Sync {
    /// The project with this label, made now if there is none.
    async fn project_by_label(&self, label: &str, now: Moment) -> Result<ProjectRow>;

    /// The project of this id.
    async fn project(&self, id: &ProjectId) -> Result<ProjectRow>;

    /// One page of projects, at most [`PAGE`].
    async fn list_projects(&self, after: Option<&ProjectId>, limit: usize) -> Result<Vec<ProjectRow>>;

    /// All projects, read page by page. For the start of the program.
    async fn load_projects(&self) -> Result<Vec<ProjectRow>> {
        let mut all: Vec<ProjectRow> = Vec::new();
        loop {
            let page = self.list_projects(all.last().map(|row| &row.id), PAGE).await?;
            let last = page.len() < PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    /// Writes everything of a project but its id and the time it was made. A label that another project has is a
    /// conflict.
    async fn update_project(&self, row: &ProjectRow, now: Moment) -> Result<()>;
}

/// The users of the gateway.
#[async_trait]
pub trait Users: Debug + Send + Sync {
    /// Adds a user.
    async fn insert_user(&self, user: &NewUser, now: Moment) -> Result<UserRow>;

    /// The user of this id.
    async fn user(&self, id: &UserId) -> Result<UserRow>;

    /// The user whose key has this hash.
    async fn user_by_lookup(&self, lookup: &[u8; 32]) -> Result<Option<UserRow>>;

    /// One page of users, at most [`PAGE`].
    async fn list_users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserRow>>;

    /// All users, read page by page. For the start of the program.
    async fn load_users(&self) -> Result<Vec<UserRow>> {
        let mut all: Vec<UserRow> = Vec::new();
        loop {
            let page = self.list_users(all.last().map(|row| &row.id), PAGE).await?;
            let last = page.len() < PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    /// Writes what an operator says of a user: name, expiry, privacy, weight and rules.
    async fn update_user(&self, row: &UserRow, now: Moment) -> Result<()>;

    /// Switches a user on or off.
    async fn enable_user(&self, id: &UserId, enabled: bool, now: Moment) -> Result<()>;

    /// Gives a user another key; the old one is forgotten.
    async fn rotate_user(&self, id: &UserId, lookup: &[u8; 32], hint: &str, now: Moment) -> Result<()>;

    /// Removes a user and the hash of its key. Its id stays taken for ever.
    async fn delete_user(&self, id: &UserId, now: Moment) -> Result<()>;

    /// Notes when users last called, in one transaction. Unknown users are passed over.
    async fn touch_users(&self, seen: &[(UserId, Moment)]) -> Result<()>;
}

/// Settings and facts about the store itself.
#[async_trait]
pub trait Settings: Debug + Send + Sync {
    /// The settings as they were stored at a version; without one, at the newest.
    async fn settings_version(&self, version: Option<i64>) -> Result<Option<SettingsVersion>>;

    /// Adds a version. One that is there already is a conflict: somebody else was faster.
    async fn add_settings_version(&self, version: &SettingsVersion) -> Result<()>;

    /// One page of versions, at most [`PAGE`], the newest first, older than `before`.
    async fn list_settings_versions(&self, before: Option<i64>, limit: usize)
    -> Result<Vec<SettingsVersion>>;

    /// A fact about this store (schema marks, check values, hashed tokens).
    async fn meta(&self, name: &str) -> Result<Option<String>>;

    /// Writes a fact.
    async fn put_meta(&self, name: &str, value: &str) -> Result<()>;

    /// Writes a fact unless it is there, and answers what is there afterwards.
    async fn init_meta(&self, name: &str, value: &str) -> Result<String>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<()>;

    /// Finishes writing and lets go of the database.
    async fn close(&self);
}

/// Day counters and learned limits of buckets.
#[async_trait]
pub trait Counters: Debug + Send + Sync {
    /// Adds to the counters of days, in one transaction. Corrections may be negative.
    async fn add_to_days(&self, counts: &[DayCount]) -> Result<()>;

    /// The counters of one Pacific day.
    async fn load_day(&self, day: &str) -> Result<Vec<DayCount>>;

    /// Writes limits, in one transaction; each replaces the one there was of the same provenance.
    async fn put_limits(&self, limits: &[Limit]) -> Result<()> {
        self.replace_limits(&[], limits).await
    }

    /// Removes limits (told by everything but value and time) and writes others, in one transaction.
    async fn replace_limits(&self, gone: &[Limit], limits: &[Limit]) -> Result<()>;

    /// One page of limits, at most [`PAGE`], in the order of project (those of all projects first), model, measure,
    /// window and provenance; it starts after `after`.
    async fn list_limits(
        &self,
        filter: &LimitFilter,
        after: Option<&Limit>,
        limit: usize,
    ) -> Result<Vec<Limit>>;

    /// All limits, read page by page. For the start of the program.
    async fn load_limits(&self) -> Result<Vec<Limit>> {
        let mut all: Vec<Limit> = Vec::new();
        loop {
            let page = self.list_limits(&LimitFilter::default(), all.last(), PAGE).await?;
            let last = page.len() < PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }
}

/// Operators and their sessions.
#[async_trait]
pub trait Sessions: Debug + Send + Sync {
    /// Adds an operator. A name that another has, whatever its capitals, is a conflict.
    async fn insert_operator(&self, row: &OperatorRow) -> Result<()>;

    /// The operator of this id.
    async fn operator(&self, id: &str) -> Result<OperatorRow>;

    /// The operator of this name, whatever its capitals.
    async fn operator_by_name(&self, name: &str) -> Result<Option<OperatorRow>>;

    /// One page of operators, at most [`PAGE`].
    async fn list_operators(&self, after: Option<&str>, limit: usize) -> Result<Vec<OperatorRow>>;

    /// Writes role, password and whether it may log in. The last admin who may log in stays one: a conflict.
    async fn update_operator(&self, row: &OperatorRow, now: Moment) -> Result<()>;

    /// Notes that an operator logged in.
    async fn touch_operator(&self, id: &str, at: Moment) -> Result<()>;

    /// Removes an operator and its password. Its id stays taken for ever, its name is free again. The last admin who may
    /// log in stays: a conflict.
    async fn delete_operator(&self, id: &str, now: Moment) -> Result<()>;

    /// Begins a session.
    async fn insert_session(&self, row: &SessionRow) -> Result<()>;

    /// The session whose cookie has this hash.
    async fn session(&self, lookup: &[u8; 32]) -> Result<Option<SessionRow>>;

    /// One page of sessions, at most [`PAGE`].
    async fn list_sessions(&self, after: Option<&str>, limit: usize) -> Result<Vec<SessionRow>>;

    /// Notes the use of a session and when its operator proved who it is.
    async fn touch_session(&self, id: &str, seen_at: Moment, confirmed_at: Moment) -> Result<()>;

    /// Ends a session.
    async fn delete_session(&self, id: &str) -> Result<()>;

    /// Ends all sessions of an operator, or of all; says how many.
    async fn delete_sessions(&self, operator: Option<&str>) -> Result<u64>;

    /// Ends sessions that began, or were last used, at these moments or before; says how many.
    async fn forget_sessions(&self, created_before: Moment, seen_before: Moment) -> Result<u64>;
}

/// What users have at Google.
#[async_trait]
pub trait Resources: Debug + Send + Sync {
    /// Writes resources down. Of one that the same user has already under this name, everything but the time it was made is
    /// replaced; an expiry that is not known now, but was, stays.
    async fn put_resources(&self, rows: &[ResourceRow]) -> Result<()>;

    /// Those of these names that a user has, expired or not, at most [`PAGE`].
    async fn resources_named(&self, user: &UserId, names: &[&str]) -> Result<Vec<ResourceRow>>;

    /// Whoever's it is: the first by user id.
    async fn resource_of_anybody(&self, name: &str) -> Result<Option<ResourceRow>>;

    /// One page of what a user has and what had not expired at `now`, at most [`PAGE`], the newest first: of one kind, or
    /// without upload sessions. It starts after one that was made then and has this name.
    async fn list_resources(
        &self,
        of: (&UserId, Option<&str>),
        after: Option<(Moment, &str)>,
        now: Moment,
        limit: usize,
    ) -> Result<Vec<ResourceRow>>;

    /// Forgets a resource, if it is there.
    async fn forget_resource(&self, user: &UserId, name: &str) -> Result<()>;

    /// How many resources of each kind a project has that had not expired at `now`, upload sessions left out.
    async fn count_resources(&self, project: &ProjectId, now: Moment) -> Result<Vec<(String, u64)>>;

    /// Forgets what expired before `before`, at most so many; answers how many.
    async fn forget_expired_resources(&self, before: Moment, at_most: usize) -> Result<u64>;
}

/// What operators did.
#[async_trait]
pub trait Audit: Debug + Send + Sync {
    /// Writes acts down. One that is there already stays as it is.
    async fn insert_audit(&self, rows: &[AuditRow]) -> Result<()>;

    /// One page of acts, at most [`PAGE`], the latest first; it starts before the id `before`.
    async fn list_audit(
        &self,
        filter: &AuditFilter,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AuditRow>>;

    /// Forgets acts older than this, [`PAGE`] at a time; says how many.
    async fn forget_audit(&self, before: Moment) -> Result<u64>;
}

/// What calls used. Lists go from the newest to the oldest; each row is told once, however often it is handed in.
#[async_trait]
pub trait Usage: Debug + Send + Sync {
    /// How far a journal has been taken over; 0 if nothing of it has.
    async fn usage_mark(&self, journal: &str) -> Result<u64>;

    /// Takes records over, in one transaction with the mark of their journal: those at or below the mark, and those
    /// whose id is known, change nothing. Answers how many were new.
    async fn take_over(&self, journal: &str, batch: &[Sequenced]) -> Result<u64>;

    /// What each user used from `since` on (none: ever), exact to the millisecond as far as single calls are still kept,
    /// else to the hour. A page of at most [`PAGE`], in the order of user ids, of users after `after`.
    async fn usage_by_user(
        &self,
        since: Option<Moment>,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, Sums)>>;

    /// What all calls of a filter used together.
    async fn usage_sum(&self, filter: &UsageFilter) -> Result<Sums>;

    /// What they used, by group: a page of at most [`PAGE`] in the order of groups, of those after `after`.
    async fn usage_sums(
        &self,
        filter: &UsageFilter,
        by: By,
        after: Option<&Group>,
        limit: usize,
    ) -> Result<Vec<(Group, Sums)>>;

    /// A page of calls, at most [`PAGE`], without their attempts.
    async fn list_calls(
        &self,
        filter: &CallFilter,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<Record>>;

    /// The call of this id, with its attempts.
    async fn call(&self, id: &str) -> Result<Record>;

    /// A page of attempts, at most [`PAGE`].
    async fn list_attempts(
        &self,
        filter: &AttemptFilter,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<AttemptRow>>;

    /// Forgets usage events that began before `before`, oldest first, at most so many; answers how many. Sums stay.
    async fn delete_events_before(&self, before: Moment, at_most: usize) -> Result<u64>;

    /// Forgets calls that began before `before` and their attempts, oldest first, at most so many calls; answers how many.
    async fn delete_calls_before(&self, before: Moment, at_most: usize) -> Result<u64>;
}

const CHECK_NAME: &str = "master_key_check";
const CHECK_TEXT: &str = "pollux";

/// Makes sure that `key` is the one this store's secrets are sealed with. The first call on a new store decides.
pub async fn check_master_key(store: &dyn Store, key: &MasterKey) -> Result<()> {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD;
    let fresh = base64.encode(key.seal(&Secret::new(CHECK_TEXT), CHECK_NAME));
    let kept = store.init_meta(CHECK_NAME, &fresh).await?;
    opens(&kept, key)
}

/// Whether `key` opens this check value.
fn opens(kept: &str, key: &MasterKey) -> Result<()> {
    use base64::Engine;
    let sealed = base64::engine::general_purpose::STANDARD.decode(kept);
    let sealed = sealed.map_err(|_| StoreError::damaged("the check value of the master key"))?;
    key.open(&sealed, CHECK_NAME).map(drop).map_err(StoreError::MasterKey)
}
