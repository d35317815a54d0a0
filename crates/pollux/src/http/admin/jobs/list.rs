//! `GET /admin/jobs`: what the gateway does by itself, and how that went.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shown;
use crate::http::Gateway;
use crate::http::guard::Viewer;

/// Every job; there are few, so there are no pages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Jobs)]
pub(in crate::http::admin) struct Listed {
    data: Vec<Shown>,
}

/// Lists them.
pub(in crate::http::admin) async fn all(_: Viewer, State(gateway): State<Gateway>) -> Json<Listed> {
    let data = gateway.jobs.all().iter().map(|job| Shown::of(job)).collect();
    Json(Listed { data })
}
