//! `POST /admin/keys/preview`: what `POST /admin/keys` would do with the same body. Nothing is added.

use axum::Json;
use axum::body::Body;
use axum::extract::State;

use super::add::Imported;
use crate::http::Gateway;
use crate::http::admin::{Problem, import};
use crate::http::guard::Viewer;

/// Looks at keys.
pub(in crate::http::admin) async fn preview(
    _: Viewer,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Imported>, Problem> {
    let text = import::text(request).await?;
    Ok(Json(gateway.keyring.preview(&text)?.into()))
}
