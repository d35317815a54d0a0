//! `DELETE /admin/sessions`: throws everybody out, oneself too.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::guard::Admin;

/// How many there were.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionsEnded)]
pub(in crate::http::admin) struct Ended {
    ended: u64,
}

/// Ends every session at once.
pub(in crate::http::admin) async fn end(
    admin: Admin,
    State(gateway): State<Gateway>,
) -> Result<Json<Ended>, Problem> {
    let ended = Ended { ended: gateway.operators.end_sessions(None).await? };
    admin.changed(Change::made(&ended));
    Ok(Json(ended))
}
