//! `POST /admin/keys/{id}/move`: counts a key to another project, at once.

use axum::Json;
use axum::body::Body;
use axum::extract::State;

use super::Key;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::KeyId;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;

/// Moves a key to the project with this label, which is made if there is none.
pub(in crate::http::admin) async fn to_project(
    admin: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
    request: Body,
) -> Result<Json<Key>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let label = fields.required("project")?;
    let before = Key::from(gateway.keyring.show(&id).await?);
    let after = Key::from(gateway.keyring.move_key(&id, label).await?);
    admin.changed(Change::between(&before, &after));
    Ok(Json(after))
}
