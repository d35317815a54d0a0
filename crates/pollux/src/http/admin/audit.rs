//! `GET /admin/audit`: what operators did, the latest first.

use std::collections::HashMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Problem, page, path};
use crate::clock::{self, Moment};
use crate::http::Gateway;
use crate::http::guard::Viewer;
use crate::store::record::{AuditFilter, AuditRow};

/// What an operator did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deed)]
pub(super) struct Shown {
    id: String,
    at: String,
    operator: String,
    /// How it was recognised: `session`, `token`, or `nothing`.
    via: String,
    address: Option<String>,
    /// Method and route: `POST /admin/keys/{id}/enable`.
    action: String,
    /// An id or a name; null for the whole.
    object: Option<String>,
    /// How it ended, as an HTTP status; 499 if the client did not wait for that.
    status: u16,
    /// Each field that was different, with what it was and what it is.
    changes: Value,
}

/// A page, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Deeds {
    data: Vec<Shown>,
    /// What to give as `before` for the next page; null after the last.
    next: Option<String>,
}

/// Takes `operator`, `action`, `object`, `since`, `until`, `before` and `limit`.
pub(super) async fn list(
    _: Viewer,
    State(gateway): State<Gateway>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Json<Deeds>, Problem> {
    let Query(query) = query.map_err(|_| Problem::unprocessable("The query cannot be read."))?;
    let given = |name: &str| query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let limit = page::limit(given("limit"))?;
    let before = given("before");
    if before.is_some_and(|id| !path::is_id(id)) {
        return Err(Problem::field("before", "must be the `next` of the page before"));
    }
    let owned = |name: &str| given(name).map(str::to_owned);
    let filter = AuditFilter {
        operator: owned("operator"),
        action: owned("action"),
        object: owned("object"),
        since: moment("since", given("since"))?,
        until: moment("until", given("until"))?,
    };
    let rows = gateway.audit.list(&filter, before, limit).await?;
    let next = rows.last().filter(|_| rows.len() >= limit).map(|row| row.id.clone());
    Ok(Json(Deeds { data: rows.into_iter().map(Shown::from).collect(), next }))
}

fn moment(name: &'static str, text: Option<&str>) -> Result<Option<Moment>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let bad = || Problem::field(name, "must be a time such as 2027-01-31T18:00:00Z");
    clock::of_iso(text).map(Some).ok_or_else(bad)
}

impl From<AuditRow> for Shown {
    fn from(row: AuditRow) -> Self {
        let AuditRow { id, at, operator, via, address, action, object, status, changes } = row;
        Self {
            id,
            at: clock::iso(at),
            operator,
            via,
            address: Some(address).filter(|address| !address.is_empty()),
            action,
            object: Some(object).filter(|object| !object.is_empty()),
            status,
            changes: serde_json::from_str(&changes).unwrap_or_default(),
        }
    }
}
