//! `GET /admin/operators`.

use axum::Json;
use axum::extract::State;

use super::Shown;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::page::{Listed, Page};
use crate::http::guard::Viewer;

/// One page of operators, in the order they were made.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    page: Page,
) -> Result<Json<Listed<Shown>>, Problem> {
    let people = gateway.operators.list_operators(page.after.as_deref(), page.limit).await?;
    Ok(Json(page.of(people.iter().map(Shown::from).collect(), |shown| &shown.id)))
}
