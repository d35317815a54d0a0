//! `POST /admin/keys/{id}/move`: counts a key to another project, at once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;

use super::Key;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::KeyId;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;

/// Moves a key to the project with this label, which is made if there is none.
pub(in crate::http::admin) async fn to_project(
    _: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
    request: Body,
) -> Result<Json<Key>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let label = fields.required("project")?;
    Ok(Json(gateway.keyring.move_key(&id, label).await?.into()))
}
