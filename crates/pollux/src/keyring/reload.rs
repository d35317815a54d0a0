//! Reading the store again after another replica has changed it.

use std::collections::HashSet;
use std::sync::Arc;

use pool::{Change, KeySpec, KeyState, Scope, What};

use super::Keyring;
use super::ring::Ring;
use super::roll::{DEAD, tier};
use super::roster::KeyEntry;
use crate::store::StoreError;
use crate::store::record::{KeyId, KeyRow};

impl Keyring {
    /// Takes over what is in the store: projects, keys and limits that are new, different or gone. What the pool found out
    /// stays.
    ///
    /// # Errors
    /// When the store does not answer, or a key was sealed with another master key.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.ring.changing.lock().await;
        // Before the reading: what is added meanwhile is not gone.
        let before = self.ring.roster().entries();
        let projects = self.store.load_projects().await?;
        let keys = self.store.load_keys().await?;
        for project in &projects {
            self.enlist_project(project, Some(tier(&project.tier)));
        }
        let there: HashSet<KeyId> = keys.iter().map(|key| key.id.clone()).collect();
        for row in keys {
            let known = self.ring.roster().key_by_id(&row.id).map(Arc::clone);
            match known {
                Some(entry) => self.renew(&entry, &row),
                None => self.enlist_key(row)?,
            }
        }
        for gone in before.into_iter().filter(|entry| !there.contains(&entry.id)) {
            if let Some(handle) = self.ring.roster_mut().remove_key(&gone.id) {
                self.ring.pool().remove_key(handle);
                self.ring.kinship().forget(handle);
            }
        }
        self.load_limits().await?;
        Ring::give_all_turns(&self.ring);
        Ok(())
    }

    /// A key that is known, as it is stored now.
    fn renew(&self, entry: &KeyEntry, row: &KeyRow) {
        let now = self.now();
        let moved =
            (entry.project_id != row.project).then(|| self.ring.roster_mut().move_key(&row.id, &row.project));
        let project = moved.flatten().map_or(entry.project, |entry| entry.project);
        let mut pool = self.ring.pool();
        pool.put_key(KeySpec { id: entry.handle, project, enabled: row.enabled });
        let dead = matches!(pool.key_state(entry.handle, now), KeyState::Dead { .. });
        let scope = Scope::Key(entry.handle);
        if row.state.name == DEAD && !dead {
            let what = What::Dead { scope, reason: row.state.reason.clone().into() };
            pool.restore(&Change { at: row.state.since, what }, now);
        } else if row.state.name != DEAD && dead {
            pool.clear(&scope, now);
        }
    }
}
