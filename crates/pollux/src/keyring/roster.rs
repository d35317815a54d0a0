//! Which handle of the pool is which project and key.

use std::collections::HashMap;
use std::sync::Arc;

use pool::{KeyId, Moment, ProjectId};

use crate::secret::Secret;
use crate::store::record;

/// A key as calls use it.
#[derive(Debug)]
pub(super) struct KeyEntry {
    pub(super) handle: KeyId,
    pub(super) project: ProjectId,
    /// The id it has in the store.
    pub(super) id: record::KeyId,
    /// Its project's id in the store.
    pub(super) project_id: record::ProjectId,
    pub(super) secret: Secret,
    pub(super) created_at: Moment,
}

/// Handles are dense and never given twice: a key that is gone leaves a gap.
#[derive(Debug, Default)]
pub(super) struct Roster {
    projects: Vec<record::ProjectId>,
    project_handles: HashMap<record::ProjectId, ProjectId>,
    keys: Vec<Option<Arc<KeyEntry>>>,
    key_handles: HashMap<record::KeyId, KeyId>,
}

impl Roster {
    /// The handle of a project, a new one if it has none yet.
    pub(super) fn put_project(&mut self, id: &record::ProjectId) -> ProjectId {
        if let Some(handle) = self.project_handles.get(id) {
            return *handle;
        }
        let handle = ProjectId(u32::try_from(self.projects.len()).unwrap_or(u32::MAX));
        self.projects.push(id.clone());
        self.project_handles.insert(id.clone(), handle);
        handle
    }

    /// Adds a key that is not there yet.
    pub(super) fn put_key(
        &mut self,
        id: record::KeyId,
        project_id: record::ProjectId,
        secret: Secret,
        created_at: Moment,
    ) -> Arc<KeyEntry> {
        let project = self.put_project(&project_id);
        let handle = KeyId(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
        let entry = Arc::new(KeyEntry { handle, project, id: id.clone(), project_id, secret, created_at });
        self.keys.push(Some(Arc::clone(&entry)));
        self.key_handles.insert(id, handle);
        entry
    }

    /// Counts a key to another project from now on; calls that have it go on as they are.
    pub(super) fn move_key(
        &mut self,
        id: &record::KeyId,
        project_id: &record::ProjectId,
    ) -> Option<Arc<KeyEntry>> {
        let project = self.put_project(project_id);
        let handle = *self.key_handles.get(id)?;
        let slot = self.keys.get_mut(handle.0 as usize)?.as_mut()?;
        let KeyEntry { handle, project: _, id, project_id: _, secret, created_at } = &**slot;
        *slot = Arc::new(KeyEntry {
            handle: *handle,
            project,
            id: id.clone(),
            project_id: project_id.clone(),
            secret: secret.clone(),
            created_at: *created_at,
        });
        Some(Arc::clone(slot))
    }

    /// Forgets a key; its handle stays taken.
    pub(super) fn remove_key(&mut self, id: &record::KeyId) -> Option<KeyId> {
        let handle = self.key_handles.remove(id)?;
        *self.keys.get_mut(handle.0 as usize)? = None;
        Some(handle)
    }

    /// Every key.
    pub(super) fn entries(&self) -> Vec<Arc<KeyEntry>> {
        self.keys.iter().flatten().cloned().collect()
    }

    pub(super) fn key(&self, handle: KeyId) -> Option<&Arc<KeyEntry>> {
        self.keys.get(handle.0 as usize)?.as_ref()
    }

    pub(super) fn key_by_id(&self, id: &record::KeyId) -> Option<&Arc<KeyEntry>> {
        self.key(*self.key_handles.get(id)?)
    }

    pub(super) fn knows_project(&self, id: &record::ProjectId) -> bool {
        self.project_handles.contains_key(id)
    }

    pub(super) fn project_by_id(&self, id: &record::ProjectId) -> Option<ProjectId> {
        self.project_handles.get(id).copied()
    }

    pub(super) fn project_id(&self, handle: ProjectId) -> Option<&record::ProjectId> {
        self.projects.get(handle.0 as usize)
    }
}
