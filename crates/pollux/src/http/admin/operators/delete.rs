//! `DELETE /admin/operators/{id}`.

use axum::extract::State;
use http::StatusCode;

use super::Shown;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::OperatorId;
use crate::http::guard::Admin;

/// Removes an operator for good, and ends its sessions. The last admin stays.
pub(in crate::http::admin) async fn delete(
    admin: Admin,
    State(gateway): State<Gateway>,
    OperatorId(id): OperatorId,
) -> Result<StatusCode, Problem> {
    let gone = Shown::from(&gateway.operators.operator(&id).await?);
    gateway.operators.delete_operator(&id).await?;
    admin.changed(Change::gone(&gone));
    Ok(StatusCode::NO_CONTENT)
}
