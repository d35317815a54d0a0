//! Making, changing and removing users: the store comes first, then the index.

use pool::account::Limit;
use tokio::sync::MutexGuard;

use super::index::{self, Index};
use super::{Access, AccessError, Caller, Denied};
use crate::clock::Moment;
use crate::id;
use crate::secret::Secret;
use crate::store::record::{Injection, NewUser, Priority, Rules, UserId, UserRow};

const PREFIX: &str = "sk-pollux-";
const LETTERS: usize = 48;
const LONGEST_NAME: usize = 100;

/// The weights a user may have.
pub const WEIGHTS: std::ops::RangeInclusive<u32> = 1..=100;

/// What a user may do, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// When the key stops working.
    pub expires_at: Option<Moment>,
    /// Served by paid projects only.
    pub private: bool,
    /// Its share of turns and of the day relative to others, one of [`WEIGHTS`].
    pub weight: u32,
    /// What it may do, and how much of it.
    pub rules: Rules,
}

impl Default for Terms {
    fn default() -> Self {
        Self { expires_at: None, private: false, weight: 1, rules: Rules::default() }
    }
}

/// What is to be different about a user; none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Its name.
    pub name: Option<String>,
    /// When its key stops working, or that it does not.
    pub expires_at: Option<Option<Moment>>,
    /// Served by paid projects only.
    pub private: Option<bool>,
    /// Its share, one of [`WEIGHTS`].
    pub weight: Option<u32>,
    /// What it may do, and how much of it.
    pub rules: RulesChange,
}

/// What is to be different about a user's rules; none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesChange {
    /// The models it may ask for.
    pub models: Option<Vec<String>>,
    /// Where it may call from.
    pub addresses: Option<Vec<String>>,
    /// These caps, and that there shall be none.
    pub caps: Vec<(Limit, Option<u64>)>,
    /// Whose calls go first.
    pub priority: Option<Priority>,
    /// What is said in each of its calls, or that nothing is.
    pub injection: Option<Option<Injection>>,
    /// Whether what is said in its calls is kept.
    pub log_bodies: Option<bool>,
}

impl RulesChange {
    /// The rules with this change.
    #[must_use]
    pub fn applied(self, rules: Rules) -> Rules {
        let Self { models, addresses, caps, priority, injection, log_bodies } = self;
        Rules {
            models: models.unwrap_or(rules.models),
            addresses: addresses.unwrap_or(rules.addresses),
            caps: caps.into_iter().fold(rules.caps, |caps, (limit, cap)| caps.with(limit, cap)),
            priority: priority.unwrap_or(rules.priority),
            injection: injection.unwrap_or(rules.injection),
            log_bodies: log_bodies.unwrap_or(rules.log_bodies),
        }
    }
}

impl Access {
    /// Makes an ordinary user. The key cannot be read again.
    pub async fn create_user(
        &self,
        name: &str,
        expires_at: Option<Moment>,
    ) -> Result<(UserRow, Secret), AccessError> {
        self.create_user_on(name, Terms { expires_at, ..Terms::default() }).await
    }

    /// Makes a user on these terms. The key cannot be read again.
    pub async fn create_user_on(&self, name: &str, terms: Terms) -> Result<(UserRow, Secret), AccessError> {
        let name = named(name)?;
        let Terms { expires_at, private, weight, rules } = terms;
        weighed(weight)?;
        let now = self.clock.now();
        let (key, lookup) = self.fresh_key();
        let (id, hint) = (self.dice.id("user", now).into(), key.hint());
        let user = NewUser { id, name: name.to_owned(), lookup, hint, expires_at, private, weight, rules };
        let mut stale = self.change().await?;
        let row = self.store.insert_user(&user, now).await?;
        index::write(&self.users).put(&row);
        *stale = false;
        Ok((row, key))
    }

    /// Makes sure that somebody comes in with this key, which the operator wrote down. A key that is known already
    /// stays with its user, changed or switched off as it may be.
    ///
    /// True if a user was made.
    pub async fn adopt_user(&self, name: &str, key: &Secret) -> Result<bool, AccessError> {
        let name = named(name)?;
        let lookup = self.lookup.hash(key.expose());
        let now = self.clock.now();
        let mut stale = self.change().await?;
        let known = self.store.user_by_lookup(&lookup).await?.is_some();
        if !known {
            let Terms { expires_at, private, weight, rules } = Terms::default();
            let (id, name, hint) = (self.dice.id("user", now).into(), name.to_owned(), key.hint());
            let user = NewUser { id, name, lookup, hint, expires_at, private, weight, rules };
            let row = self.store.insert_user(&user, now).await?;
            index::write(&self.users).put(&row);
        }
        *stale = false;
        Ok(!known)
    }

    /// Changes what is said of a user; the next call knows.
    pub async fn change_user(&self, id: &UserId, change: UserChange) -> Result<UserRow, AccessError> {
        let UserChange { name, expires_at, private, weight, rules } = change;
        let name = name.as_deref().map(named).transpose()?;
        weight.map(weighed).transpose()?;
        let mut stale = self.change().await?;
        let mut row = self.store.user(id).await?;
        row.name = name.map_or(row.name, str::to_owned);
        row.expires_at = expires_at.unwrap_or(row.expires_at);
        row.private = private.unwrap_or(row.private);
        row.weight = weight.unwrap_or(row.weight);
        row.rules = rules.applied(row.rules);
        self.store.update_user(&row, self.clock.now()).await?;
        let row = self.refresh(id).await?;
        *stale = false;
        Ok(row)
    }

    /// One page of users.
    pub async fn list_users(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<UserRow>, AccessError> {
        Ok(self.store.list_users(after, limit).await?)
    }

    /// One user.
    pub async fn user(&self, id: &UserId) -> Result<UserRow, AccessError> {
        Ok(self.store.user(id).await?)
    }

    /// Whose key this is, whether or not it would be let in. Does not count as a call.
    pub fn owner(&self, key: &str) -> Option<Caller> {
        let hash = self.lookup.hash(key.trim());
        index::read(&self.users).by_hash(&hash).map(index::Entry::caller)
    }

    /// What a user is called, unless it was removed.
    pub fn name_of(&self, id: &UserId) -> Option<std::sync::Arc<str>> {
        index::read(&self.users).by_id(id).map(|entry| entry.caller().name)
    }

    /// Lets a user call again.
    pub async fn enable_user(&self, id: &UserId) -> Result<UserRow, AccessError> {
        self.switch(id, true).await
    }

    /// Turns a user away until it is enabled.
    pub async fn disable_user(&self, id: &UserId) -> Result<UserRow, AccessError> {
        self.switch(id, false).await
    }

    /// Gives a user another key; the old one stops working at once. The key cannot be read again.
    pub async fn rotate_user(&self, id: &UserId) -> Result<(UserRow, Secret), AccessError> {
        let (key, lookup) = self.fresh_key();
        let mut stale = self.change().await?;
        self.store.rotate_user(id, &lookup, &key.hint(), self.clock.now()).await?;
        let row = self.refresh(id).await?;
        *stale = false;
        Ok((row, key))
    }

    /// Removes a user for good.
    pub async fn delete_user(&self, id: &UserId) -> Result<(), AccessError> {
        let mut stale = self.change().await?;
        self.store.delete_user(id, self.clock.now()).await?;
        index::write(&self.users).remove(id);
        *stale = false;
        Ok(())
    }

    /// Whether a user would be let in now.
    pub fn check_user(&self, id: &UserId) -> Result<Caller, Denied> {
        let now = self.clock.now();
        index::read(&self.users).by_id(id).ok_or(Denied::Unknown)?.check(now)
    }

    /// Reads all users again, after somebody else changed them.
    pub async fn reload(&self) -> Result<(), AccessError> {
        let mut stale = self.changing.lock().await;
        self.load().await?;
        *stale = false;
        Ok(())
    }

    /// What has to be done now and then, once a minute or so: repairs the index after a change that its caller
    /// abandoned half-way, and tells the store who called. If the store does not listen, nothing is lost.
    pub async fn tend(&self) -> Result<(), AccessError> {
        let stale = *self.changing.lock().await;
        if stale {
            self.reload().await?;
        }
        let seen = index::read(&self.users).take_seen();
        if let Err(error) = self.store.touch_users(&seen).await {
            index::read(&self.users).return_seen(&seen);
            return Err(error.into());
        }
        Ok(())
    }

    /// Begins a change. Whoever ends it says that the index is right again.
    pub(super) async fn change(&self) -> Result<MutexGuard<'_, bool>, AccessError> {
        let mut stale = self.changing.lock().await;
        if *stale {
            self.load().await?;
        }
        *stale = true;
        Ok(stale)
    }

    async fn load(&self) -> Result<(), AccessError> {
        let rows = self.store.load_users().await?;
        let fresh = Index::new(&rows);
        let mut users = index::write(&self.users);
        fresh.return_seen(&users.take_seen());
        *users = fresh;
        Ok(())
    }

    async fn switch(&self, id: &UserId, enabled: bool) -> Result<UserRow, AccessError> {
        let mut stale = self.change().await?;
        self.store.enable_user(id, enabled, self.clock.now()).await?;
        let row = self.refresh(id).await?;
        *stale = false;
        Ok(row)
    }

    async fn refresh(&self, id: &UserId) -> Result<UserRow, AccessError> {
        let row = self.store.user(id).await?;
        index::write(&self.users).put(&row);
        Ok(row)
    }

    fn fresh_key(&self) -> (Secret, [u8; 32]) {
        let key = Secret::new(format!("{PREFIX}{}", id::letters(LETTERS)));
        let hash = self.lookup.hash(key.expose());
        (key, hash)
    }
}

fn weighed(weight: u32) -> Result<(), AccessError> {
    if WEIGHTS.contains(&weight) { Ok(()) } else { Err(AccessError::Weight) }
}

/// The name of a user without the spaces around it, if it is one.
///
/// # Errors
/// When it is empty, too long, or holds control characters.
pub fn check_name(name: &str) -> Result<&str, AccessError> {
    named(name)
}

fn named(name: &str) -> Result<&str, AccessError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(AccessError::Name("is empty"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(AccessError::Name("is longer than 100 characters"));
    }
    if name.contains(char::is_control) {
        return Err(AccessError::Name("must not contain control characters"));
    }
    Ok(name)
}
