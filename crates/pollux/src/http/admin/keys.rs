//! Upstream keys: `/admin/keys`.

pub(super) mod add;
pub(super) mod check;
pub(super) mod delete;
pub(super) mod export;
pub(super) mod list;
pub(super) mod r#move;
pub(super) mod preview;
pub(super) mod show;
pub(super) mod switch;

use pool::KeyState;
use serde::Serialize;

use super::pool::Standing;
use crate::clock;
use crate::keyring::KeyView;
use crate::store::record;

/// A key as its operator sees it.
#[derive(Debug, Serialize)]
pub(super) struct Key {
    pub(super) id: String,
    /// What may be shown of it.
    hint: String,
    label: Option<String>,
    project_id: String,
    /// `admin` or `environment`.
    origin: &'static str,
    enabled: bool,
    state: Standing,
    created_at: String,
}

impl From<KeyView> for Key {
    fn from(view: KeyView) -> Self {
        let KeyView { row, live } = view;
        let state = standing(live, &row);
        Self {
            id: row.id.as_str().to_owned(),
            hint: row.hint,
            label: Some(row.label).filter(|label| !label.is_empty()),
            project_id: row.project.as_str().to_owned(),
            origin: row.origin.as_str(),
            enabled: row.enabled,
            state,
            created_at: clock::iso(row.created_at),
        }
    }
}

/// What the pool knows now, or what was stored if it knows nothing.
fn standing(live: KeyState, row: &record::KeyRow) -> Standing {
    match live {
        KeyState::Unknown => {
            let record::KeyState { name, reason, since } = &row.state;
            Standing::stored(if row.enabled { name } else { "disabled" }, reason, *since)
        }
        KeyState::Ready | KeyState::Disabled | KeyState::Dead { .. } | KeyState::Benched(_) => {
            Standing::from(live)
        }
    }
}
