//! The users in memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Caller, Denied, Scope, UserId, UserRow};
use crate::clock::Moment;

type Hash = [u8; 32];

/// A user, as the door knows it.
#[derive(Debug)]
pub(super) struct Entry {
    caller: Caller,
    enabled: bool,
    expires_at: Option<Moment>,
    /// When it last came in; the store learns of it later. `i64::MIN` if nothing new is known.
    seen: AtomicI64,
}

impl Entry {
    fn new(row: &UserRow) -> Self {
        let caller = Caller {
            user: row.id.clone(),
            name: Arc::from(row.name.as_str()),
            from: None,
            private: row.private,
            weight: row.weight,
            rules: Arc::new(row.rules.clone()),
            scope: Arc::new(Scope::of(&row.rules)),
        };
        Self { caller, enabled: row.enabled, expires_at: row.expires_at, seen: AtomicI64::new(i64::MIN) }
    }

    /// Who it is.
    pub(super) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Whether the user would be let in at `now`.
    pub(super) fn check(&self, now: Moment) -> Result<Caller, Denied> {
        if !self.enabled {
            return Err(Denied::Disabled { name: self.caller.name.clone() });
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(Denied::Expired);
        }
        Ok(self.caller.clone())
    }

    /// Lets the user in, if it comes from where it may.
    pub(super) fn admit(&self, from: Option<IpAddr>, now: Moment) -> Result<Caller, Denied> {
        let caller = self.check(now)?;
        if !caller.scope.allows_address(from) {
            return Err(Denied::Address { seen: from });
        }
        self.seen.store(now.0, Ordering::Relaxed);
        Ok(Caller { from, ..caller })
    }
}

/// All users, by the hash of their key and by id.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashMap<Hash, Entry>,
    hashes: HashMap<UserId, Hash>,
    /// Users of whom it is kept what they say.
    keep_bodies: usize,
}

impl Index {
    pub(super) fn new(rows: &[UserRow]) -> Self {
        let entries = rows.iter().map(|row| (row.lookup, Entry::new(row))).collect();
        let hashes = rows.iter().map(|row| (row.id.clone(), row.lookup)).collect();
        let keep_bodies = rows.iter().filter(|row| row.rules.log_bodies).count();
        Self { entries, hashes, keep_bodies }
    }

    /// Whether there is a user of whom it is kept what it says.
    pub(super) fn keeps_bodies(&self) -> bool {
        self.keep_bodies > 0
    }

    pub(super) fn by_hash(&self, hash: &Hash) -> Option<&Entry> {
        self.entries.get(hash)
    }

    pub(super) fn by_id(&self, id: &UserId) -> Option<&Entry> {
        self.entries.get(self.hashes.get(id)?)
    }

    /// Takes in a user as it is now, in place of what it was.
    pub(super) fn put(&mut self, row: &UserRow) {
        let entry = Entry::new(row);
        if let Some(former) = self.remove(&row.id) {
            entry.seen.store(former.seen.into_inner(), Ordering::Relaxed);
        }
        self.keep_bodies += usize::from(row.rules.log_bodies);
        self.hashes.insert(row.id.clone(), row.lookup);
        self.entries.insert(row.lookup, entry);
    }

    pub(super) fn remove(&mut self, id: &UserId) -> Option<Entry> {
        let entry = self.entries.remove(&self.hashes.remove(id)?)?;
        self.keep_bodies -= usize::from(entry.caller.rules.log_bodies);
        Some(entry)
    }

    /// All users, and those who would be let in.
    pub(super) fn count(&self, now: Moment) -> (usize, usize) {
        let active = self.entries.values().filter(|entry| entry.check(now).is_ok());
        (self.entries.len(), active.count())
    }

    /// Who came in since this was last asked, and when.
    pub(super) fn take_seen(&self) -> Vec<(UserId, Moment)> {
        let taken = self.entries.values().filter_map(|entry| {
            let at = entry.seen.swap(i64::MIN, Ordering::Relaxed);
            (at != i64::MIN).then(|| (entry.caller.user.clone(), Moment(at)))
        });
        taken.collect()
    }

    /// Puts back what [`Index::take_seen`] took, unless something newer is known.
    pub(super) fn return_seen(&self, seen: &[(UserId, Moment)]) {
        for (id, at) in seen {
            if let Some(entry) = self.by_id(id) {
                entry.seen.fetch_max(at.0, Ordering::Relaxed);
            }
        }
    }
}

// A panic while the lock is held leaves whole entries behind, so a poisoned index is still a good one.

pub(super) fn read(index: &RwLock<Index>) -> RwLockReadGuard<'_, Index> {
    index.read().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn write(index: &RwLock<Index>) -> RwLockWriteGuard<'_, Index> {
    index.write().unwrap_or_else(PoisonError::into_inner)
}
