//! `GET /admin/projects`.

use axum::Json;
use axum::extract::State;

use super::{Project, view};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::page::{Listed, Page};
use crate::http::guard::Viewer;

/// One page of projects, in the order they were made.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    page: Page,
) -> Result<Json<Listed<Project>>, Problem> {
    let after = page.after.as_deref().map(Into::into);
    let rows = gateway.keyring.projects(after.as_ref(), page.limit).await?;
    let snapshot = gateway.keyring.snapshot();
    let projects = rows.into_iter().map(|row| {
        let view = view(&gateway, &snapshot, &row);
        Project::new(row, view)
    });
    Ok(Json(page.of(projects.collect(), |project| &project.id)))
}
