//! `GET /admin/models/{model}`: one model.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Row, declared, known};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::ModelName;
use crate::http::guard::Viewer;

/// The model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedModelDetails)]
pub(in crate::http::admin) struct Shown {
    success: bool,
    #[serde(flatten)]
    model: Row,
}

/// Shows a model.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    ModelName(name): ModelName,
) -> Result<Json<Shown>, Problem> {
    let name = known(&gateway, &name)?;
    let limits = declared(&gateway, &name).await?;
    let model = Row::new(&gateway, &gateway.settings.now(), &name, limits);
    Ok(Json(Shown { success: true, model }))
}
