//! `GET /admin/projects/{id}`: a project, its keys, and what it has left of each model.

use axum::Json;
use axum::extract::State;
use dialect::model::Rates;
use pool::{Snapshot, Tier};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::foreign;

use super::{Project, view};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::ProjectId;
use crate::http::admin::pool::{Bucket, Key, bucket, keys};
use crate::http::guard::Viewer;
use crate::keyring::{Names, tier_of};
use crate::store::record::ProjectRow;

/// A project with all that the pool knows of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProjectDetails)]
pub(in crate::http::admin) struct Shown {
    #[serde(flatten)]
    project: Project,
    keys: Vec<Key>,
    models: Vec<Holding>,
}

/// What the project has of one model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProjectKey)]
struct Holding {
    model: String,
    /// What a project of the tier usually has. Not enforced: it is shown to compare with.
    #[schema(schema_with = foreign::rates)]
    usual: Option<Rates>,
    #[serde(flatten)]
    bucket: Bucket,
}

/// One project.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    ProjectId(id): ProjectId,
) -> Result<Json<Shown>, Problem> {
    let row = gateway.keyring.project(&id).await?;
    Ok(Json(shown(&gateway, row).await?))
}

/// A project as it stands now.
pub(super) async fn shown(gateway: &Gateway, row: ProjectRow) -> Result<Shown, Problem> {
    let snapshot = gateway.keyring.snapshot();
    let names = gateway.keyring.names(&snapshot).await?;
    let view = view(gateway, &snapshot, &row);
    let keys = view.map(|view| keys(view.keys.clone(), &names)).unwrap_or_default();
    let models = models(gateway, &row, &snapshot, &names);
    Ok(Shown { project: Project::new(row, view), keys, models })
}

fn models(gateway: &Gateway, row: &ProjectRow, snapshot: &Snapshot, names: &Names) -> Vec<Holding> {
    let Some(handle) = gateway.keyring.project_handle(&row.id) else { return Vec::new() };
    let tier = tier_of(row);
    let models = snapshot.models.iter().filter_map(|model| {
        let view = model.buckets.iter().find(|view| view.project == handle)?.clone();
        let usual = gateway.catalog.usual_limits(&model.name).and_then(|usual| match tier {
            Tier::Free => Some(usual.free),
            Tier::Paid => Some(usual.paid),
            Tier::Unknown => None,
        });
        Some(Holding { model: model.name.clone(), usual, bucket: bucket(view, names) })
    });
    models.collect()
}
