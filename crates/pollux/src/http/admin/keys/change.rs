//! `PATCH /admin/keys/{id}`: says something else of a key.

use axum::Json;
use axum::body::Body;
use axum::extract::State;

use super::{Key, words};
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::path::KeyId;
use crate::http::admin::{BODY_LIMIT, Problem};
use crate::http::guard::Admin;

/// Changes what the body mentions of label, note and tags. Null takes away.
pub(in crate::http::admin) async fn change(
    admin: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
    request: Body,
) -> Result<Json<Key>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["label", "note", "tags"])?;
    let change = words::read(&fields)?;
    let before = Key::from(gateway.keyring.show(&id).await?);
    let after = Key::from(gateway.keyring.describe(&id, &change).await?);
    admin.changed(Change::between(&before, &after));
    Ok(Json(after))
}
