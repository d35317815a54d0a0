//! `DELETE /admin/sessions/{id}`: throws somebody out.

use axum::extract::State;
use http::StatusCode;

use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::SessionId;
use crate::http::guard::Admin;

/// Ends a session at once.
pub(in crate::http::admin) async fn end(
    _: Admin,
    State(gateway): State<Gateway>,
    SessionId(id): SessionId,
) -> Result<StatusCode, Problem> {
    gateway.operators.end_session(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
