//! Google projects, the owners of quota: `/admin/projects`.

pub(super) mod change;
pub(super) mod list;
pub(super) mod show;

use pool::{ProjectView, Snapshot, Tier};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::foreign;

use super::pool::Standing;
use crate::clock;
use crate::http::Gateway;
use crate::keyring::tier_of;
use crate::store::record::ProjectRow;

/// A project as its operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Project {
    pub(super) id: String,
    /// None for the project of one key whose project is unknown.
    label: Option<String>,
    /// Google's number of it, once an answer told.
    google_number: Option<String>,
    #[schema(schema_with = foreign::tier)]
    tier: Tier,
    /// Its share of calls among projects of the same priority.
    weight: i64,
    /// Higher goes first as long as it has room.
    priority: i64,
    enabled: bool,
    notes: String,
    state: Standing,
    key_count: usize,
    created_at: String,
    updated_at: String,
}

impl Project {
    fn new(row: ProjectRow, view: Option<&ProjectView>) -> Self {
        let tier = tier_of(&row);
        let ProjectRow {
            id,
            label,
            google_number,
            tier: _,
            weight,
            priority,
            enabled,
            notes,
            created_at,
            updated_at,
        } = row;
        let state = view.map_or(pool::KeyState::Unknown, |view| view.state.clone());
        Self {
            id: id.as_str().to_owned(),
            label,
            google_number,
            tier,
            weight,
            priority,
            enabled,
            notes,
            state: state.into(),
            key_count: view.map_or(0, |view| view.keys.len()),
            created_at: clock::iso(created_at),
            updated_at: clock::iso(updated_at),
        }
    }
}

/// What the pool knows of a stored project.
fn view<'a>(gateway: &Gateway, snapshot: &'a Snapshot, row: &ProjectRow) -> Option<&'a ProjectView> {
    let handle = gateway.keyring.project_handle(&row.id)?;
    let place = snapshot.projects.binary_search_by_key(&handle, |view| view.id).ok()?;
    snapshot.projects.get(place)
}
