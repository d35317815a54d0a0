//! What an operator may turn while the gateway runs: one typed snapshot, read by every room, changed as a whole.
//!
//! A setting is declared once, in `settings/values.rs`. What was configured (flag, environment, file) gives its starting
//! value; a value stored by an administrator goes before it, until it is reset. Every change makes a new version with its
//! author, and any version can be brought back. Readers hold a [`Live`] and take a snapshot with [`Live::now`].
//!
//! Invariant: a snapshot is valid and never changes; who reads cannot write.

mod aliases;
mod change;
mod key;
mod kind;
mod live;
mod media;
mod merge;
mod models;
mod origin;
mod parse;
mod problem;
mod reference;
mod replicas;
mod setting;
mod values;
mod version;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value};

use crate::clock::{Clock, Moment};
use crate::store::{Store, StoreError};

pub use change::{Difference, Terms};
pub use key::Key;
pub use kind::Kind;
pub use live::Live;
pub use media::MediaByUrl;
pub use models::{ModelSettings, Models, Thoughts};
pub use origin::Origins;
pub use parse::span;
pub use problem::{Bad, Problem, SettingsError};
pub use reference::reference;
pub use replicas::RedisAway;
pub use values::{KEYS, Values};
pub use version::Version;

/// What was configured: the starting values, and which of them somebody wrote.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The starting values.
    pub values: Values,
    /// Settings that a flag, the environment or the file names.
    pub written: BTreeSet<&'static str>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An administrator stored it.
    Stored,
    /// A flag, the environment or the file.
    Configured,
    /// Nobody said anything.
    Default,
}

impl Source {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Configured => "configured",
            Self::Default => "default",
        }
    }
}

/// One setting as it stands.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub key: &'static Key,
    /// What holds.
    pub value: Value,
    /// Where that comes from.
    pub source: Source,
    /// What would hold if it were reset.
    pub configured: Value,
}

/// All settings as they stand.
#[derive(Clone, Debug)]
pub struct Current {
    /// Counts changes; 0 if nothing was ever stored.
    pub version: i64,
    /// When the last one was made.
    pub at: Option<Moment>,
    /// Who made it.
    pub author: Option<String>,
    /// Every setting.
    pub entries: Vec<Entry>,
}

/// The settings: readers' snapshot, what is stored, and the way to change it.
#[derive(Debug)]
pub struct Settings {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    configured: RwLock<Configured>,
    live: Live,
    held: RwLock<Held>,
    /// Changes happen one after the other.
    changing: tokio::sync::Mutex<()>,
}

/// What is stored, in memory.
#[derive(Clone, Debug, Default)]
struct Held {
    version: i64,
    at: Option<Moment>,
    author: Option<String>,
    /// Stored values by name.
    stored: Map<String, Value>,
}

impl Settings {
    /// Reads what is stored and puts it over what was configured. A stored value that this program does not take is
    /// passed over with a warning: it must not keep the gateway from starting.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        configured: Configured,
    ) -> Result<Self, StoreError> {
        let settings = Self {
            live: Live::fixed(configured.values.clone()),
            store,
            clock,
            configured: RwLock::new(configured),
            held: RwLock::default(),
            changing: tokio::sync::Mutex::default(),
        };
        settings.refresh().await?;
        Ok(settings)
    }

    /// The snapshot that holds now.
    pub fn now(&self) -> Arc<Values> {
        self.live.now()
    }

    /// A handle for readers.
    pub fn live(&self) -> Live {
        self.live.clone()
    }

    /// Every setting with its value and where it comes from.
    pub fn current(&self) -> Current {
        let (held, values) = (self.held(), self.now().json());
        let configured = self.configured().values.json();
        let entries = KEYS.iter().map(|key| {
            let of = |values: &Map<String, Value>| values.get(key.name).cloned().unwrap_or_default();
            Entry {
                key,
                value: of(&values),
                source: self.source(&held, key.name),
                configured: of(&configured),
            }
        });
        Current {
            version: held.version,
            at: held.at,
            author: held.author.clone(),
            entries: entries.collect(),
        }
    }

    /// The version that holds.
    pub fn version(&self) -> i64 {
        self.held().version
    }

    /// Takes over what another replica, or another program, has stored.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let newest = self.store.settings_version(None).await?;
        let Some(newest) = newest.filter(|newest| newest.version > self.version()) else { return Ok(()) };
        let version = Version::of(newest)?;
        let (values, strange) = self.configured().values.over(&version.stored);
        for problem in strange {
            tracing::warn!(%problem, "a stored setting cannot be used; the configured value holds");
        }
        self.put(version, values);
        Ok(())
    }

    /// Takes what is configured now for the starting values; what is stored goes before it as before.
    pub fn reconfigure(&self, configured: Configured) {
        // Nobody puts a version in between.
        let held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let (values, strange) = configured.values.over(&held.stored);
        for problem in strange {
            tracing::warn!(%problem, "a stored setting cannot be used; the configured value holds");
        }
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = configured;
        self.live.put(values);
    }

    fn configured(&self) -> Configured {
        self.configured.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn source(&self, held: &Held, name: &str) -> Source {
        if held.stored.contains_key(name) {
            Source::Stored
        } else if self.configured().written.contains(name) {
            Source::Configured
        } else {
            Source::Default
        }
    }

    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a version the one that holds, unless a newer one does already.
    fn put(&self, version: Version, values: Values) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if version.version > held.version {
            let Version { version, at, author, stored, .. } = version;
            *held = Held { version, at: Some(at), author: Some(author), stored };
            self.live.put(values);
        }
    }
}

#[cfg(test)]
mod tests;
