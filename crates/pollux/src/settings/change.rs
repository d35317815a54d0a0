//! Changing settings: validated as a whole, kept as a version, effective at once.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::problem::{Problem, SettingsError};
use super::values::stranger;
use super::{Held, KEYS, Settings, Values, Version, merge};
use crate::store::StoreError;

/// How often a change that names no version is tried again when another is faster.
const TRIES: u32 = 8;

/// How a change is made.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The version that the author saw; without it, whatever holds is changed.
    pub seen: Option<i64>,
    /// Who makes it.
    pub author: &'a str,
    /// Only say what would change.
    pub dry_run: bool,
}

/// One setting that changed.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema, Deserialize)]
pub struct Difference {
    /// Which.
    pub name: String,
    /// What held before.
    pub from: Value,
    /// What holds now.
    pub to: Value,
}

/// What is to be stored.
enum Wanted<'a> {
    /// What is stored, with this over it.
    Patch(&'a Map<String, Value>),
    /// This, and nothing else.
    Whole(Map<String, Value>),
}

impl Settings {
    /// Changes settings: each member of `patch` is a new value, null takes the stored one back. Answers the version that
    /// holds afterwards, and what changed; a change of nothing makes no version.
    ///
    /// # Errors
    /// With every problem at once, or when the author has not seen the newest version.
    pub async fn change(
        &self,
        patch: &Map<String, Value>,
        terms: Terms<'_>,
    ) -> Result<(i64, Vec<Difference>), SettingsError> {
        self.write(&Wanted::Patch(patch), terms, "").await
    }

    /// Brings back what was stored at a version; 0 is nothing. It becomes the newest version.
    ///
    /// # Errors
    /// When there is no such version, its values are not valid any more, or the author has not seen the newest version.
    pub async fn roll_back(
        &self,
        to: i64,
        terms: Terms<'_>,
    ) -> Result<(i64, Vec<Difference>), SettingsError> {
        let stored = if to == 0 {
            Map::new()
        } else {
            let row = self.store.settings_version(Some(to)).await?;
            Version::of(row.ok_or(SettingsError::NoVersion(to))?)?.stored
        };
        self.write(&Wanted::Whole(stored), terms, &format!("rollback to {to}")).await
    }

    /// One page of versions, the newest first, older than `before`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn history(&self, before: Option<i64>, limit: usize) -> Result<Vec<Version>, StoreError> {
        let rows = self.store.list_settings_versions(before, limit).await?;
        rows.into_iter().map(Version::of).collect()
    }

    async fn write(
        &self,
        wanted: &Wanted<'_>,
        terms: Terms<'_>,
        note: &str,
    ) -> Result<(i64, Vec<Difference>), SettingsError> {
        let _one_at_a_time = self.changing.lock().await;
        // Another replica may have been faster.
        for _ in 0..TRIES {
            self.refresh().await?;
            let held = self.held();
            if terms.seen.is_some_and(|seen| seen != held.version) {
                return Err(SettingsError::Stale { version: held.version });
            }
            let (stored, values) = self.checked(wanted, &held)?;
            let changes = differences(&self.now(), &values);
            if terms.dry_run || stored == held.stored {
                return Ok((held.version, changes));
            }
            let version = Version {
                version: held.version + 1,
                at: self.clock.now(),
                author: terms.author.to_owned(),
                note: note.to_owned(),
                stored,
                changes,
            };
            match self.store.add_settings_version(&version.row()).await {
                Ok(()) => {
                    let names: Vec<&str> =
                        version.changes.iter().map(|change| change.name.as_str()).collect();
                    tracing::info!(
                        version = version.version,
                        author = version.author,
                        ?names,
                        "settings changed"
                    );
                    let answer = (version.version, version.changes.clone());
                    self.put(version, values);
                    return Ok(answer);
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(SettingsError::Stale { version: self.version() })
    }

    /// What would be stored, and what would hold; or everything that is wrong with it.
    fn checked(
        &self,
        wanted: &Wanted<'_>,
        held: &Held,
    ) -> Result<(Map<String, Value>, Values), SettingsError> {
        let configured = &self.configured().values;
        let mut problems = Vec::new();
        let stored = match wanted {
            Wanted::Patch(patch) => {
                let strangers = patch.keys().filter(|name| !is_setting(name));
                problems.extend(strangers.map(|name| Problem::new(name, "", stranger())));
                merge::over(&held.stored, patch, &configured.json())
            }
            Wanted::Whole(stored) => stored.clone(),
        };
        // What an older release knew and this one does not is left behind.
        let stored: Map<_, _> = stored.into_iter().filter(|(name, _)| is_setting(name)).collect();
        let (values, wrong) = configured.over(&stored);
        problems.extend(wrong);
        let whole = values.contradictions().into_iter();
        problems.extend(whole.map(|(name, bad)| Problem::new(name, "", bad)));
        if !problems.is_empty() {
            return Err(SettingsError::Invalid(problems));
        }
        // As it is shown, whatever form it came in.
        let shown = values.json();
        let kept = stored.into_iter().map(|(name, value)| {
            let value = shown.get(&name).cloned().unwrap_or(value);
            (name, value)
        });
        Ok((kept.collect(), values))
    }
}

fn is_setting(name: &str) -> bool {
    KEYS.iter().any(|key| key.name == name)
}

/// What differs between two snapshots.
fn differences(before: &Values, after: &Values) -> Vec<Difference> {
    let (before, after) = (before.json(), after.json());
    let pairs = before.into_iter().zip(after);
    let changed = pairs.filter(|((_, from), (_, to))| from != to);
    changed.map(|((name, from), (_, to))| Difference { name, from, to }).collect()
}
