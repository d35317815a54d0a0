//! What the pool's handles stand for, for people who read a snapshot.

use std::collections::HashMap;

use pool::{KeyId, ProjectId, Snapshot};

use super::Keyring;
use crate::store::StoreError;
use crate::store::record::{self, ProjectRow};

/// What the handles of a snapshot stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    projects: HashMap<ProjectId, ProjectRow>,
    keys: HashMap<KeyId, record::KeyId>,
}

impl Names {
    /// A project, if it is still stored.
    pub fn project(&self, handle: ProjectId) -> Option<&ProjectRow> {
        self.projects.get(&handle)
    }

    /// A key's id, if it was not deleted meanwhile.
    pub fn key(&self, handle: KeyId) -> Option<&record::KeyId> {
        self.keys.get(&handle)
    }
}

impl Keyring {
    /// What the handles of a snapshot stand for.
    pub async fn names(&self, snapshot: &Snapshot) -> Result<Names, StoreError> {
        let rows = self.store.load_projects().await?;
        let roster = self.ring.roster();
        let handle = |row: &ProjectRow| roster.project_by_id(&row.id);
        let projects = rows.into_iter().filter_map(|row| Some((handle(&row)?, row))).collect();
        let keys = snapshot.projects.iter().flat_map(|project| &project.keys);
        let keys = keys.filter_map(|key| Some((key.id, roster.key(key.id)?.id.clone()))).collect();
        Ok(Names { projects, keys })
    }
}
