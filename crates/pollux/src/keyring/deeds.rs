//! What operators do to keys, one or many: find them, say something of them, lift what holds them.

use std::sync::Arc;

use pool::Hold;

use super::roll::{DEAD, READY};
use super::timeline::{BY_AN_OPERATOR, DISABLED};
use super::words::{WordsChange, reworded};
use super::{KeyView, Keyring, RollError};
use crate::store::record::{self, KeyFilter, KeyId};
use crate::store::{PAGE, StoreError};

/// The most keys that one search looks at. Who wants more goes on where it ended.
const MOST_LOOKED_AT: usize = 20 * PAGE;

/// Keys that were found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order they were added.
    pub keys: Vec<KeyView>,
    /// Where to go on, if there may be more.
    pub next: Option<KeyId>,
}

impl KeyView {
    /// The name of its state now: `ready`, `benched`, `dead` or `disabled`.
    pub fn state(&self) -> &str {
        match &self.live {
            pool::KeyState::Ready => READY,
            pool::KeyState::Disabled => DISABLED,
            pool::KeyState::Dead { .. } => DEAD,
            pool::KeyState::Benched(_) => "benched",
            pool::KeyState::Unknown if !self.row.enabled => DISABLED,
            pool::KeyState::Unknown => &self.row.state.name,
        }
    }
}

impl Keyring {
    /// Keys of a filter, at most `limit`, after `after`; of any state, or of one.
    pub async fn find(
        &self,
        filter: &KeyFilter,
        state: Option<&str>,
        after: Option<&KeyId>,
        limit: usize,
    ) -> Result<Found, StoreError> {
        let at_once = if state.is_some() { PAGE } else { limit };
        let mut found = Found { keys: Vec::new(), next: after.cloned() };
        let mut looked_at = 0;
        while looked_at < MOST_LOOKED_AT {
            let rows = self.store.find_keys(filter, found.next.as_ref(), at_once).await?;
            let is_last = rows.len() < at_once.min(PAGE);
            looked_at += rows.len();
            for row in rows {
                found.next = Some(row.id.clone());
                let view = self.view(row);
                if state.is_none_or(|state| view.state() == state) {
                    found.keys.push(view);
                }
                if found.keys.len() == limit {
                    return Ok(found);
                }
            }
            if is_last {
                return Ok(Found { next: None, ..found });
            }
        }
        Ok(found)
    }

    /// What stands in a key's way now.
    pub fn holds(&self, id: &KeyId) -> Vec<Hold> {
        let handle = self.ring.roster().key_by_id(id).map(|entry| entry.handle);
        handle.map_or_else(Vec::new, |handle| self.ring.pool().holds(handle, self.now()))
    }

    /// Says something else of a key.
    pub async fn describe(&self, id: &KeyId, change: &WordsChange) -> Result<KeyView, RollError> {
        let _one_at_a_time = self.ring.changing.lock().await;
        let row = self.store.key(id).await?;
        let words = reworded(row.words.clone(), change).map_err(RollError::Words)?;
        if words != row.words {
            self.store.describe_key(id, &words, self.now()).await?;
        }
        Ok(self.show(id).await?)
    }

    /// Forgets that a key was dead or benched, for every model. Whether it is switched on stays as it is.
    pub async fn reset(&self, id: &KeyId) -> Result<KeyView, StoreError> {
        let before = self.show(id).await?;
        let now = self.now();
        let ready = record::KeyState { name: READY.to_owned(), reason: String::new(), since: now };
        self.store.set_key_state(id, &ready, now).await?;
        let entry = self.ring.roster().key_by_id(id).map(Arc::clone);
        if let Some(entry) = entry {
            self.ring.pool().reset_key(entry.handle, now);
        }
        self.ring.give_all_turns();
        if !matches!(before.state(), READY | DISABLED) {
            self.note_turn(id, READY, BY_AN_OPERATOR).await;
        }
        self.show(id).await
    }
}
