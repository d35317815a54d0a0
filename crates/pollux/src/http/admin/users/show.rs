//! `GET /admin/users/{id}`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::usage::Usage;
use super::{User, usage};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::UserId;
use crate::http::guard::Viewer;

/// A user, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserDetails)]
pub(in crate::http::admin) struct Shown {
    #[serde(flatten)]
    user: User,
    usage: Usage,
}

/// One user, with what it has used of its limits.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<Shown>, Problem> {
    let row = gateway.access.user(&id).await?;
    let usage = usage::of(&gateway, &row).await;
    Ok(Json(Shown { user: row.into(), usage }))
}
