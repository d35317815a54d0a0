//! The keys as their operator sees them: adding, listing, switching, deleting.

use std::sync::Arc;

use pool::{Change, KeySpec, ProjectSpec, Scope, Tier, What};

use super::Keyring;
use super::intake::{self, Intake, Malformed, Repeated};
use super::timeline::{BY_AN_OPERATOR, DISABLED};
use super::words::{Unsaid, WordsChange, reworded};
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::record::{self, KeyRow, NewKey, Origin, Owner, ProjectRow, Stored};

/// What sealing binds a key's secret to.
fn context(id: &record::KeyId) -> String {
    format!("key:{}", id.as_str())
}

/// Of how many models a key says what the day has taken.
const SHOWN_MODELS: usize = 3;

/// Under which purpose keys are looked up.
const LOOKUP: &str = "key";

/// Why the keys could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum RollError {
    /// The store failed or has no such key.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The text holds nothing that could be a key.
    #[error("there is no key in the text; paste one key, or several with any separator between them")]
    NoKeys,
    /// The name of a project cannot be used.
    #[error("the project {0}")]
    Project(&'static str),
    /// What is to be said of keys cannot be said.
    #[error(transparent)]
    Words(Unsaid),
    /// More keys than one request may bring.
    #[error("more than {} keys at once; send them in several requests", intake::LIMIT)]
    TooMany,
}

/// What became of a pasted text.
#[derive(Clone, Debug, Default)]
pub struct Addition {
    /// What became of each key, in the order of the text.
    pub keys: Vec<AddedKey>,
    /// What is no key.
    pub malformed: Vec<Malformed>,
    /// Keys that came twice in the text.
    pub repeated: Vec<Repeated>,
}

/// What became of one key.
#[derive(Clone, Debug)]
pub struct AddedKey {
    /// What may be shown of it.
    pub hint: String,
    /// Its id: the new one, or the one it already had.
    pub id: record::KeyId,
    /// It was there before.
    pub duplicate: bool,
}

/// A key, and what the pool knows about it now.
#[derive(Clone, Debug)]
pub struct KeyView {
    /// What is stored.
    pub row: KeyRow,
    /// What the pool knows.
    pub live: pool::KeyState,
    /// What its project has taken of the day, where it has the least left.
    pub day: Vec<pool::DayShare>,
}

impl Keyring {
    /// Brings the store's projects and keys into the pool.
    pub(super) async fn load(&self) -> Result<(), StoreError> {
        let projects = self.store.load_projects().await?;
        let keys = self.store.load_keys().await?;
        for project in &projects {
            self.enlist_project(project, Some(tier(&project.tier)));
        }
        for key in keys {
            self.enlist_key(key)?;
        }
        self.load_limits().await
    }

    /// Adds every key that the text holds, and says this of each. Nothing is added if the store fails.
    pub async fn add(&self, text: &str, said: &WordsChange, origin: Origin) -> Result<Addition, RollError> {
        let pasted = intake::parse(text);
        if pasted.cut_short {
            return Err(RollError::TooMany);
        }
        if pasted.keys.is_empty() && pasted.malformed.is_empty() {
            return Err(RollError::NoKeys);
        }
        let sealed = |intake| self.sealed(intake, said, origin);
        let fresh = pasted.keys.iter().map(sealed).collect::<Result<Vec<NewKey>, _>>()?;
        let stored = self.store.insert_keys(&fresh, self.now()).await?;
        self.enlist_added(&stored).await?;
        let keys = fresh.into_iter().zip(stored).map(|(key, stored)| match stored {
            Stored::Added { key: id, .. } => AddedKey { hint: key.hint, id, duplicate: false },
            Stored::Duplicate { key: id } => AddedKey { hint: key.hint, id, duplicate: true },
        });
        Ok(Addition { keys: keys.collect(), malformed: pasted.malformed, repeated: pasted.repeated })
    }

    fn sealed(&self, intake: &Intake, said: &WordsChange, origin: Origin) -> Result<NewKey, RollError> {
        let Intake { key, project, words } = intake;
        let id = record::KeyId::from(self.dice.id("key", self.now()));
        Ok(NewKey {
            owner: project.clone().map_or(Owner::Own, Owner::Label),
            sealed: self.master.seal(key, &context(&id)),
            lookup: self.master.lookup_hash(LOOKUP, key.expose()),
            hint: key.hint(),
            words: reworded(words.clone(), said).map_err(RollError::Words)?,
            origin,
            id,
        })
    }

    async fn enlist_added(&self, stored: &[Stored]) -> Result<(), StoreError> {
        for entry in stored {
            if let Stored::Added { key, .. } = entry {
                self.enlist_key(self.store.key(key).await?)?;
            }
        }
        Ok(())
    }

    /// Without a `declared` tier the pool goes on with what it knows: Google may have said otherwise meanwhile.
    pub(super) fn enlist_project(&self, row: &ProjectRow, declared: Option<Tier>) {
        let handle = self.ring.roster_mut().put_project(&row.id);
        let mut pool = self.ring.pool();
        let known = declared.or_else(|| pool.tier(handle));
        let spec = ProjectSpec {
            id: handle,
            tier: known.unwrap_or_else(|| tier(&row.tier)),
            weight: u32::try_from(row.weight).unwrap_or(1),
            priority: i32::try_from(row.priority).unwrap_or(0),
            enabled: row.enabled,
        };
        pool.put_project(spec);
    }

    pub(super) fn enlist_key(&self, row: KeyRow) -> Result<(), StoreError> {
        let secret = self.master.open(&row.sealed, &context(&row.id)).map_err(StoreError::MasterKey)?;
        let now = self.now();
        let known = self.ring.roster().knows_project(&row.project);
        let entry = {
            let mut roster = self.ring.roster_mut();
            if roster.key_by_id(&row.id).is_some() {
                // Whoever read the store at the same moment was first.
                return Ok(());
            }
            roster.put_key(row.id, row.project, secret, row.created_at)
        };
        let mut pool = self.ring.pool();
        if !known {
            let spec =
                ProjectSpec { id: entry.project, tier: Tier::Unknown, weight: 1, priority: 0, enabled: true };
            pool.put_project(spec);
        }
        pool.put_key(KeySpec { id: entry.handle, project: entry.project, enabled: row.enabled });
        if row.state.name == DEAD {
            let what = What::Dead { scope: Scope::Key(entry.handle), reason: row.state.reason.into() };
            pool.restore(&Change { at: row.state.since, what }, now);
        }
        Ok(())
    }

    /// One page of keys, in the order they were added.
    pub async fn list(
        &self,
        after: Option<&record::KeyId>,
        limit: usize,
    ) -> Result<Vec<KeyView>, StoreError> {
        let rows = self.store.list_keys(after, limit).await?;
        Ok(rows.into_iter().map(|row| self.view(row)).collect())
    }

    /// One page of keys with their secrets in clear, in the order they were added.
    pub async fn export(
        &self,
        after: Option<&record::KeyId>,
        limit: usize,
    ) -> Result<Vec<(KeyRow, Secret)>, StoreError> {
        let rows = self.store.list_keys(after, limit).await?;
        let open = |row: KeyRow| {
            let secret = self.master.open(&row.sealed, &context(&row.id)).map_err(StoreError::MasterKey)?;
            Ok((row, secret))
        };
        rows.into_iter().map(open).collect()
    }

    /// One key.
    pub async fn show(&self, id: &record::KeyId) -> Result<KeyView, StoreError> {
        Ok(self.view(self.store.key(id).await?))
    }

    pub(super) fn view(&self, row: KeyRow) -> KeyView {
        let Some(entry) = self.ring.roster().key_by_id(&row.id).map(Arc::clone) else {
            return KeyView { row, live: pool::KeyState::Unknown, day: Vec::new() };
        };
        let (pool, now) = (self.ring.pool(), self.now());
        let live = pool.key_state(entry.handle, now);
        let day = pool.day_of(entry.handle, SHOWN_MODELS, now);
        drop(pool);
        KeyView { row, live, day }
    }

    /// Switches a key on or off. Switching on also forgets that it was dead or benched: an operator knows better.
    pub async fn enable(&self, id: &record::KeyId, enabled: bool) -> Result<KeyView, StoreError> {
        let now = self.now();
        let before = self.show(id).await?;
        self.store.enable_key(id, enabled, now).await?;
        if enabled {
            let ready = record::KeyState { name: READY.to_owned(), reason: String::new(), since: now };
            self.store.set_key_state(id, &ready, now).await?;
        }
        if let Some(entry) = self.ring.roster().key_by_id(id).map(Arc::clone) {
            let mut pool = self.ring.pool();
            pool.put_key(KeySpec { id: entry.handle, project: entry.project, enabled });
            if enabled {
                pool.clear(&Scope::Key(entry.handle), now);
            }
        }
        let state = if enabled { READY } else { DISABLED };
        if before.state() != state {
            self.note_turn(id, state, BY_AN_OPERATOR).await;
        }
        self.show(id).await
    }

    /// Counts a key to the project with this label, made if there is none. What is known of the key stays; what it
    /// has taken stays with the project it took it from.
    pub async fn move_key(&self, id: &record::KeyId, label: &str) -> Result<KeyView, RollError> {
        let label = intake::name(Some(label)).map_err(RollError::Project)?;
        let label = label.ok_or(RollError::Project("is empty"))?;
        let _one_at_a_time = self.ring.changing.lock().await;
        // Says plainly that there is no such key, before a project is made for it.
        self.store.key(id).await?;
        let project = self.store.project_by_label(&label, self.now()).await?;
        self.store.move_key(id, &project.id, self.now()).await?;
        self.enlist_project(&project, None);
        let row = self.store.key(id).await?;
        let entry = self.ring.roster_mut().move_key(id, &project.id);
        if let Some(entry) = entry {
            let (id, project) = (entry.handle, entry.project);
            self.ring.pool().put_key(KeySpec { id, project, enabled: row.enabled });
        }
        Ok(self.view(row))
    }

    /// Deletes a key and its secret.
    pub async fn delete(&self, id: &record::KeyId) -> Result<(), StoreError> {
        self.store.delete_key(id, self.now()).await?;
        if let Some(handle) = self.ring.roster_mut().remove_key(id) {
            self.ring.pool().remove_key(handle);
            self.ring.kinship().forget(handle);
        }
        Ok(())
    }
}

/// The state of a key that may serve, as it is stored.
pub(super) const READY: &str = "ready";
/// The state of a key that is dead, as it is stored.
pub(super) const DEAD: &str = "dead";

pub(super) fn tier(name: &str) -> Tier {
    match name {
        "free" => Tier::Free,
        "unknown" | "" => Tier::Unknown,
        _ => Tier::Paid,
    }
}
