//! `GET /admin/operators/{id}`.

use axum::Json;
use axum::extract::State;

use super::Shown;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::OperatorId;
use crate::http::guard::Viewer;

/// One operator.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    OperatorId(id): OperatorId,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(Shown::from(&gateway.operators.operator(&id).await?)))
}
