//! `GET /admin/alerts`: what wants attention now, and what did lately.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Gateway;
use crate::http::guard::Viewer;
use crate::jobs::Alert;

/// Few at any time, so there are no pages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alerts)]
pub(in crate::http::admin) struct Listed {
    /// Who is told.
    channels: Vec<&'static str>,
    open: Vec<Alert>,
    /// The last hundred that are over, the latest first; since the start of the gateway.
    resolved: Vec<Alert>,
}

/// Lists them.
pub(in crate::http::admin) async fn all(_: Viewer, State(gateway): State<Gateway>) -> Json<Listed> {
    let (open, resolved) = gateway.alerts.list();
    Json(Listed { channels: gateway.alerts.channels(), open, resolved })
}
