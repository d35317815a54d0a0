//! Upstream keys: `/admin/keys`.

pub(super) mod add;
pub(super) mod bulk;
pub(super) mod change;
pub(super) mod check;
pub(super) mod delete;
pub(super) mod export;
pub(super) mod list;
pub(super) mod r#move;
pub(super) mod preview;
pub(super) mod show;
pub(super) mod switch;
pub(super) mod timeline;
pub(super) mod words;

use pool::KeyState;
use serde::Serialize;
use utoipa::ToSchema;

use super::pool::Standing;
use crate::clock;
use crate::http::foreign;
use crate::keyring::KeyView;
use crate::store::record;

/// A key as its operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Key {
    pub(super) id: String,
    /// What may be shown of it.
    hint: String,
    label: Option<String>,
    note: Option<String>,
    tags: Vec<String>,
    project_id: String,
    /// `admin` or `environment`.
    origin: &'static str,
    enabled: bool,
    state: Standing,
    /// What its project has taken of the day, where the least is left.
    #[schema(schema_with = foreign::day)]
    day: Vec<pool::DayShare>,
    created_at: String,
}

impl From<KeyView> for Key {
    fn from(view: KeyView) -> Self {
        let KeyView { row, live, day } = view;
        let state = standing(live, &row);
        Self {
            id: row.id.as_str().to_owned(),
            hint: row.hint,
            label: said(row.words.label),
            note: said(row.words.note),
            tags: row.words.tags,
            project_id: row.project.as_str().to_owned(),
            origin: row.origin.as_str(),
            enabled: row.enabled,
            state,
            day,
            created_at: clock::iso(row.created_at),
        }
    }
}

/// A text, or null instead of an empty one.
fn said(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
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
