//! `GET /admin/backups`: the backups that are there, the latest first.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Shown, failed, folder};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::guard::Viewer;

/// The latest thousand. Rotation keeps them few, so there are no pages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backups)]
pub(in crate::http::admin) struct Listed {
    data: Vec<Shown>,
}

/// Lists them.
pub(in crate::http::admin) async fn all(
    _: Viewer,
    State(gateway): State<Gateway>,
) -> Result<Json<Listed>, Problem> {
    let backups = folder(&gateway)?;
    let listed = tokio::task::spawn_blocking(move || backups.list()).await;
    let listed = listed.map_err(std::io::Error::other).and_then(|listed| listed);
    let data = listed.map_err(|error| failed(&error))?.into_iter().map(Shown::from).collect();
    Ok(Json(Listed { data }))
}
