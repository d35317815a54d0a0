//! `GET /admin/attempts?from&until&key&project&model&outcome&after&limit`: attempts, newest first, with Google's words.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, Moment};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::asked::{Asked, write_place};
use crate::http::admin::page::Listed;
use crate::http::guard::Viewer;
use crate::store::usage::{Attempt, AttemptFilter, AttemptRow, Place};

const FILTERS: [&str; 8] = ["from", "until", "key", "project", "model", "outcome", "after", "limit"];

/// An attempt as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(in crate::http::admin) struct Entry {
    /// The call it belongs to.
    request_id: String,
    /// Which of its attempts, from 0.
    ordinal: i64,
    began_at: String,
    model: String,
    project_id: String,
    key_id: String,
    /// `ok`, or a short name of the failure.
    outcome: String,
    /// Google's HTTP status; null if there was none.
    status: Option<u16>,
    elapsed_ms: i64,
    /// Google's own words, without keys.
    reason: Option<String>,
    /// Whether Google will have counted it against the day.
    counted: bool,
}

/// One page of attempts.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    asked: Asked,
) -> Result<Json<Listed<Entry>>, Problem> {
    asked.only(&FILTERS)?;
    gateway.journal.caught_up().await;
    let filter = AttemptFilter {
        from: asked.moment("from")?,
        until: asked.moment("until")?,
        key: asked.text("key")?,
        project: asked.text("project")?,
        model: asked.text("model")?,
        outcome: asked.text("outcome")?,
    };
    let limit = asked.limit()?;
    let rows = gateway.store.list_attempts(&filter, asked.place()?.as_ref(), limit).await?;
    let next = rows.last().filter(|_| rows.len() >= limit).map(|last| write_place(&place(last)));
    Ok(Json(Listed { data: rows.into_iter().map(Entry::from).collect(), next }))
}

fn place(row: &AttemptRow) -> Place {
    Place { began_ms: row.began_ms, id: row.call.clone(), ordinal: row.ordinal }
}

impl From<AttemptRow> for Entry {
    fn from(row: AttemptRow) -> Self {
        let AttemptRow { call, ordinal, began_ms, model, attempt } = row;
        let Attempt { after_ms: _, project, key, outcome, status, elapsed_ms, reason, counted } = attempt;
        Self {
            request_id: call,
            ordinal,
            began_at: clock::iso(Moment(began_ms)),
            model,
            project_id: project,
            key_id: key,
            outcome,
            status: Some(status).filter(|status| *status > 0),
            elapsed_ms,
            reason: Some(reason).filter(|reason| !reason.is_empty()),
            counted,
        }
    }
}
