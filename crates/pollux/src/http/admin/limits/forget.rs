//! `DELETE /admin/limits/{model}` and `DELETE /admin/projects/{id}/limits/{model}`.

use axum::extract::State;
use http::StatusCode;
use pool::Limits;

use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::{ModelName, ProjectModel};
use crate::http::guard::Admin;
use crate::store::record;

/// Takes back what was declared of one project. What Google taught stays.
pub(in crate::http::admin) async fn of_project(
    _: Admin,
    State(gateway): State<Gateway>,
    ProjectModel(id, model): ProjectModel,
) -> Result<StatusCode, Problem> {
    forget(&gateway, Some(&id), &model).await
}

/// Takes back what was declared of all projects. What was declared of single ones stays.
pub(in crate::http::admin) async fn of_all(
    _: Admin,
    State(gateway): State<Gateway>,
    ModelName(model): ModelName,
) -> Result<StatusCode, Problem> {
    forget(&gateway, None, &model).await
}

async fn forget(
    gateway: &Gateway,
    project: Option<&record::ProjectId>,
    model: &str,
) -> Result<StatusCode, Problem> {
    // A model that is gone may still have limits, under the name it had.
    let meant = gateway.catalog.resolve(model, gateway.clock.now()).map(|meant| meant.upstream_id);
    let model = meant.unwrap_or_else(|_| model.to_owned());
    gateway.keyring.declare_limits(project, &model, Limits::default()).await?;
    Ok(StatusCode::NO_CONTENT)
}
