//! Who is calling: users by their key. Operators are another room's, so that neither credential stands in for the
//! other.
//!
//! Every user's hash is in memory, so that letting a call in costs one HMAC and one look into a map.
//!
//! Invariant: a credential is shown once, when it is made; afterwards only its HMAC exists.

mod index;
mod network;
mod proxies;
mod scope;
mod users;

use std::net::IpAddr;
use std::sync::{Arc, RwLock};

use crate::clock::Clock;
use crate::id::Dice;
use crate::secret::{Lookup, MasterKey};
use crate::store::record::{Rules, UserId, UserRow};
use crate::store::{Store, StoreError};

use index::Index;

pub use network::{Network, NotANetwork};
pub use proxies::TrustedProxies;
pub use scope::Scope;
pub use users::{RulesChange, Terms, UserChange, WEIGHTS, check_name};

/// A user who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub user: UserId,
    /// What it is called.
    pub name: Arc<str>,
    /// Where it calls from, if that is known.
    pub from: Option<IpAddr>,
    /// Its words must not be used by Google: paid projects only.
    pub private: bool,
    /// Its share of turns and of the day relative to others.
    pub weight: u32,
    /// What it may do, and how much of it.
    pub rules: Arc<Rules>,
    /// The same lists, ready to be asked.
    pub scope: Arc<Scope>,
}

/// Why somebody was not let in. `Display` is for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No credential came with the call.
    #[error("no key was given; send it as `Authorization: Bearer <key>`")]
    Missing,
    /// Nobody has this credential.
    #[error("the key is not known here")]
    Unknown,
    /// The user is switched off.
    #[error("the key of `{name}` is disabled")]
    Disabled {
        /// The user's name.
        name: Arc<str>,
    },
    /// The key's time is over.
    #[error("the key has expired")]
    Expired,
    /// The key may be used from elsewhere only.
    #[error("the key may not be used from this address")]
    Address {
        /// The address that the call came from, as far as is known.
        seen: Option<IpAddr>,
    },
}

/// Why a user could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The store failed or has no such user.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The name is not one.
    #[error("the name {0}")]
    Name(&'static str),
    /// The weight is out of range.
    #[error("the weight must be between {} and {}", WEIGHTS.start(), WEIGHTS.end())]
    Weight,
}

impl AccessError {
    /// The message that a client may read.
    pub fn client_message(&self) -> String {
        match self {
            Self::Store(error) => error.client_message(),
            Self::Name(_) | Self::Weight => format!("{self}."),
        }
    }
}

/// The door.
#[derive(Debug)]
pub struct Access {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    dice: Dice,
    lookup: Lookup,
    users: RwLock<Index>,
    /// Changes happen one after the other, so that the index never keeps the older of two states. True while the
    /// index may differ from the store: a change that was abandoned half-way leaves it so.
    changing: tokio::sync::Mutex<bool>,
}

impl Access {
    /// Loads the users.
    pub async fn open(
        store: Arc<dyn Store>,
        master: &MasterKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AccessError> {
        let access = Self {
            store,
            clock,
            dice: Dice::of_system(),
            lookup: master.lookup("user"),
            users: RwLock::default(),
            changing: tokio::sync::Mutex::default(),
        };
        access.reload().await?;
        Ok(access)
    }

    /// The same, with ids that these dice decide.
    #[must_use]
    pub fn with_dice(self, dice: Dice) -> Self {
        Self { dice, ..self }
    }

    /// Whose key this is, presented from this address.
    pub fn caller(&self, presented: Option<&str>, from: Option<IpAddr>) -> Result<Caller, Denied> {
        let presented = given(presented)?;
        let hash = self.lookup.hash(presented);
        let now = self.clock.now();
        let caller = index::read(&self.users).by_hash(&hash).ok_or(Denied::Unknown)?.admit(from, now)?;
        Ok(caller)
    }

    /// Whether there is a user of whom it is kept what is said in its calls.
    pub fn keeps_bodies(&self) -> bool {
        index::read(&self.users).keeps_bodies()
    }

    /// All users, and those who would be let in now.
    pub fn count_users(&self) -> (usize, usize) {
        index::read(&self.users).count(self.clock.now())
    }
}

/// The credential that came, without the spaces that copying leaves around it.
fn given(presented: Option<&str>) -> Result<&str, Denied> {
    presented.map(str::trim).filter(|text| !text.is_empty()).ok_or(Denied::Missing)
}

#[cfg(test)]
mod tests;
