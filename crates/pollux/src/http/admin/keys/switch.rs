//! `POST /admin/keys/{id}/enable` and `/disable`.

use axum::Json;
use axum::extract::State;

use super::Key;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::KeyId;
use crate::http::guard::Admin;
use crate::store::record;

/// Lets a key serve; also one that was dead or benched.
pub(in crate::http::admin) async fn enable(
    admin: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Key>, Problem> {
    switch(&admin, &gateway, &id, true).await
}

/// Takes a key out of service until it is enabled.
pub(in crate::http::admin) async fn disable(
    admin: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Key>, Problem> {
    switch(&admin, &gateway, &id, false).await
}

async fn switch(
    admin: &Admin,
    gateway: &Gateway,
    id: &record::KeyId,
    enabled: bool,
) -> Result<Json<Key>, Problem> {
    let before = Key::from(gateway.keyring.show(id).await?);
    let after = Key::from(gateway.keyring.enable(id, enabled).await?);
    admin.changed(Change::between(&before, &after));
    Ok(Json(after))
}
