//! `GET /admin/keys/{id}/timeline`: what became of a key, from state to state.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::said;
use crate::clock;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::KeyId;
use crate::http::guard::Viewer;
use crate::keyring::Told;

/// The last turns of a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyTimeline)]
pub(in crate::http::admin) struct Timeline {
    /// The latest first.
    data: Vec<Turn>,
}

/// From one state to the next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyTurn)]
struct Turn {
    at: String,
    /// The state before; null if it was forgotten.
    from: Option<String>,
    to: String,
    /// `key`, or `project` if all keys of its project were concerned.
    scope: &'static str,
    /// The model it is about; null for all of them.
    model: Option<String>,
    /// When that ends by itself.
    until: Option<String>,
    reason: Option<String>,
    /// What Google said.
    detail: Option<String>,
}

/// What became of a key, and of its project as far as it concerned the key.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Timeline>, Problem> {
    let told = gateway.keyring.timeline(&id).await?;
    Ok(Json(Timeline { data: told.into_iter().map(Turn::from).collect() }))
}

impl From<Told> for Turn {
    fn from(told: Told) -> Self {
        let Told { turn, from, of_project } = told;
        Self {
            at: clock::iso(turn.at),
            from,
            to: turn.state,
            scope: if of_project { "project" } else { "key" },
            model: said(turn.model),
            until: turn.until.map(clock::iso),
            reason: said(turn.reason),
            detail: said(turn.detail),
        }
    }
}
