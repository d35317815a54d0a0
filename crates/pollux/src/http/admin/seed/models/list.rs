//! `GET /admin/models`: the models that a chat can use.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Row, declared};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::guard::Viewer;

/// The models.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedModels)]
pub(in crate::http::admin) struct Listing {
    success: bool,
    models: Vec<Row>,
}

/// Lists the models, those that are switched off too.
pub(in crate::http::admin) async fn list(
    _: Viewer,
    State(gateway): State<Gateway>,
) -> Result<Json<Listing>, Problem> {
    let settings = gateway.settings.now();
    let mut models = Vec::new();
    for offered in gateway.catalog.list(gateway.clock.now()) {
        let limits = declared(&gateway, &offered.id).await?;
        models.push(Row::new(&gateway, &settings, &offered.id, limits));
    }
    Ok(Json(Listing { success: true, models }))
}
