//! `GET /admin/sessions`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::page::{Listed, Page};
use crate::http::guard::Viewer;
use crate::operators::Via;
use crate::store::record::SessionRow;

/// A session. Its id opens nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(in crate::http::admin) struct Shown {
    id: String,
    /// Null for the holder of the admin token.
    operator_id: Option<String>,
    /// The one that asks.
    current: bool,
    created_at: String,
    /// To the minute or so.
    last_seen_at: String,
    address: String,
    user_agent: String,
}

/// One page of the sessions that are not over, in the order they began.
pub(in crate::http::admin) async fn page(
    viewer: Viewer,
    State(gateway): State<Gateway>,
    page: Page,
) -> Result<Json<Listed<Shown>>, Problem> {
    let own = match &viewer.operator().via {
        Via::Session(session) => Some(session.id.as_ref()),
        Via::Token | Via::Nothing => None,
    };
    let rows = gateway.operators.list_sessions(page.after.as_deref(), page.limit).await?;
    Ok(Json(page.of(rows.into_iter().map(|row| shown(row, own)).collect(), |shown| &shown.id)))
}

fn shown(row: SessionRow, own: Option<&str>) -> Shown {
    let SessionRow { id, lookup: _, operator, created_at, seen_at, confirmed_at: _, address, agent } = row;
    Shown {
        current: own == Some(id.as_str()),
        id,
        operator_id: Some(operator).filter(|id| !id.is_empty()),
        created_at: clock::iso(created_at),
        last_seen_at: clock::iso(seen_at),
        address,
        user_agent: agent,
    }
}
