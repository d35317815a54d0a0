//! One version of the settings as it is kept.

use serde_json::{Map, Value};

use super::change::Difference;
use crate::clock::Moment;
use crate::store::StoreError;
use crate::store::record::SettingsVersion;

/// A version: what was stored from then on, who made it, and what it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Counts from 1.
    pub version: i64,
    /// When it was made.
    pub at: Moment,
    /// Who made it.
    pub author: String,
    /// Why, if it is a rollback.
    pub note: String,
    /// Stored values by name.
    pub stored: Map<String, Value>,
    /// What it changed, in what holds.
    pub changes: Vec<Difference>,
}

impl Version {
    pub(super) fn of(row: SettingsVersion) -> Result<Self, StoreError> {
        let SettingsVersion { version, at, author, note, stored, changes } = row;
        let damaged = || StoreError::damaged(format!("version {version} of the settings"));
        let stored = serde_json::from_str(&stored).map_err(|_| damaged())?;
        let changes = serde_json::from_str(&changes).map_err(|_| damaged())?;
        Ok(Self { version, at, author, note, stored, changes })
    }

    pub(super) fn row(&self) -> SettingsVersion {
        let Self { version, at, author, note, stored, changes } = self;
        SettingsVersion {
            version: *version,
            at: *at,
            author: author.clone(),
            note: note.clone(),
            stored: serde_json::to_string(stored).unwrap_or_default(),
            changes: serde_json::to_string(changes).unwrap_or_default(),
        }
    }
}
