//! `GET /admin/setup`: has somebody set this gateway up? Open to all, for the console's first page.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Gateway;
use crate::http::admin::Problem;

/// Where the setting-up stands.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::admin) struct Setup {
    /// There is an operator with a name and a password.
    claimed: bool,
    /// Administration is open to everybody on this machine: no login is needed.
    open: bool,
}

/// Where the setting-up stands.
pub(in crate::http::admin) async fn show(State(gateway): State<Gateway>) -> Result<Json<Setup>, Problem> {
    let claimed = gateway.operators.is_claimed().await?;
    Ok(Json(Setup { claimed, open: gateway.operators.is_open() }))
}
