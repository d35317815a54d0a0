//! The projects as their operator sees and changes them.

use pool::{ProjectId, Tier};

use super::Keyring;
use super::intake::resembles_a_key;
use super::roll::tier;
use crate::store::StoreError;
use crate::store::record::{self, ProjectRow};

/// The most characters of a label.
const LONGEST_LABEL: usize = 100;

/// What is to be different about a project; none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectChange {
    /// Its name, or that it has none.
    pub label: Option<Option<String>>,
    /// What it pays.
    pub tier: Option<Tier>,
    /// Its share of calls.
    pub weight: Option<u32>,
    /// Higher is asked first.
    pub priority: Option<i32>,
    /// Whether its keys may serve.
    pub enabled: Option<bool>,
    /// Free text.
    pub notes: Option<String>,
}

impl Keyring {
    /// One page of projects, in the order they were made.
    pub async fn projects(
        &self,
        after: Option<&record::ProjectId>,
        limit: usize,
    ) -> Result<Vec<ProjectRow>, StoreError> {
        self.store.list_projects(after, limit).await
    }

    /// One project.
    pub async fn project(&self, id: &record::ProjectId) -> Result<ProjectRow, StoreError> {
        self.store.project(id).await
    }

    /// The handle a project has in a snapshot, if the pool knows it.
    pub fn project_handle(&self, id: &record::ProjectId) -> Option<ProjectId> {
        self.ring.roster().project_by_id(id)
    }

    /// Changes what is said of a project. The store and the pool know at once; what the pool found out stays.
    pub async fn change_project(
        &self,
        id: &record::ProjectId,
        change: ProjectChange,
    ) -> Result<ProjectRow, StoreError> {
        let _one_at_a_time = self.ring.changing.lock().await;
        let declared = change.tier;
        let row = changed(self.store.project(id).await?, change)?;
        let now = self.now();
        self.store.update_project(&row, now).await.map_err(|error| match error {
            StoreError::Conflict { .. } => StoreError::Conflict { what: "this label" },
            other => other,
        })?;
        self.enlist_project(&row, declared);
        self.ring.give_all_turns();
        Ok(ProjectRow { updated_at: now, ..row })
    }
}

fn changed(mut row: ProjectRow, change: ProjectChange) -> Result<ProjectRow, StoreError> {
    let ProjectChange { label, tier, weight, priority, enabled, notes } = change;
    if let Some(label) = label {
        row.label = label.as_deref().map(labelled).transpose()?;
    }
    row.tier = tier.map_or(row.tier, |tier| word(tier).to_owned());
    row.weight = weight.map_or(row.weight, i64::from);
    row.priority = priority.map_or(row.priority, i64::from);
    row.enabled = enabled.unwrap_or(row.enabled);
    row.notes = notes.unwrap_or(row.notes);
    Ok(row)
}

fn labelled(label: &str) -> Result<String, StoreError> {
    let label = label.trim();
    let reason = if label.is_empty() {
        "is empty"
    } else if label.chars().count() > LONGEST_LABEL {
        "is longer than 100 characters"
    } else if label.contains(char::is_control) {
        "must not contain control characters"
    } else if resembles_a_key(label) {
        "looks like a key; it is shown to everybody who reads this API"
    } else {
        return Ok(label.to_owned());
    };
    Err(StoreError::Invalid { field: "label", reason })
}

/// A tier as it is stored.
pub(super) fn word(tier: Tier) -> &'static str {
    match tier {
        Tier::Free => "free",
        Tier::Paid => "paid",
        Tier::Unknown => "unknown",
    }
}

/// What a stored project pays.
pub fn tier_of(row: &ProjectRow) -> Tier {
    tier(&row.tier)
}
