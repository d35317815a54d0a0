//! `PUT /admin/limits/{model}` and `PUT /admin/projects/{id}/limits/{model}`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use pool::Limits;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::{ModelName, ProjectModel};
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;
use crate::store::record;

/// Larger than any quota.
const MOST: u64 = 1_000_000_000_000;

/// What was declared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitDeclared)]
pub(in crate::http::admin) struct Declared {
    /// Whose; null for all projects.
    project: Option<String>,
    /// The model as its quotas are called.
    model: String,
    rpm: Option<u64>,
    tpm: Option<u64>,
    rpd: Option<u64>,
}

/// Declares what one project has of a model.
pub(in crate::http::admin) async fn of_project(
    admin: Admin,
    State(gateway): State<Gateway>,
    ProjectModel(id, model): ProjectModel,
    request: Body,
) -> Result<Json<Declared>, Problem> {
    let declared = declare(&gateway, Some(&id), &model, request).await?;
    admin.changed(Change::made(&declared));
    Ok(Json(declared))
}

/// Declares what every project has of a model that says nothing of its own.
pub(in crate::http::admin) async fn of_all(
    admin: Admin,
    State(gateway): State<Gateway>,
    ModelName(model): ModelName,
    request: Body,
) -> Result<Json<Declared>, Problem> {
    let declared = declare(&gateway, None, &model, request).await?;
    admin.changed(Change::made(&declared));
    Ok(Json(declared))
}

async fn declare(
    gateway: &Gateway,
    project: Option<&record::ProjectId>,
    model: &str,
    request: Body,
) -> Result<Declared, Problem> {
    let limits = read(&Fields::read(request, BODY_LIMIT).await?)?;
    // Says no name: what stands in its place may be a whole key.
    let meant = gateway.catalog.resolve(model, gateway.clock.now()).map_err(|_| Problem::missing("model"))?;
    gateway.keyring.declare_limits(project, &meant.upstream_id, limits).await?;
    let Limits { rpm, tpm, rpd, tpd: _ } = limits;
    let project = project.map(|id| id.as_str().to_owned());
    Ok(Declared { project, model: meant.upstream_id, rpm, tpm, rpd })
}

fn read(fields: &Fields) -> Result<Limits, Problem> {
    fields.only(&["rpm", "tpm", "rpd"])?;
    let number = |name| fields.whole(name, 0..=MOST);
    let limits = Limits { rpm: number("rpm")?, tpm: number("tpm")?, rpd: number("rpd")?, tpd: None };
    if limits == Limits::default() {
        let detail = "Give at least one of `rpm`, `tpm` and `rpd`; DELETE takes back what was declared.";
        return Err(Problem::unprocessable(detail));
    }
    Ok(limits)
}
