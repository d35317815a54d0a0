//! `GET /admin/keys/gemini`, `DELETE /admin/keys/gemini/{id}`, `POST /admin/keys/gemini/{id}/toggle`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Done, Listing, switched};
use crate::audit::Change;
use crate::clock;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::page::Page;
use crate::http::admin::path::KeyId;
use crate::http::guard::{Admin, Viewer};
use crate::store::record::KeyRow;

/// A key, masked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedGeminiKey)]
pub(in crate::http::admin) struct Masked {
    id: String,
    key: String,
    status: u8,
    created_at: String,
    updated_at: String,
}

impl From<KeyRow> for Masked {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id.as_str().to_owned(),
            key: row.hint,
            status: u8::from(row.enabled),
            created_at: clock::iso(row.created_at),
            updated_at: clock::iso(row.updated_at),
        }
    }
}

/// One page of keys.
pub(in crate::http::admin) async fn list(
    _: Viewer,
    State(gateway): State<Gateway>,
    page: Page,
) -> Result<Json<Listing<Masked>>, Problem> {
    let after = page.after.as_deref().map(Into::into);
    let keys = gateway.keyring.list(after.as_ref(), page.limit).await?;
    let keys: Vec<_> = keys.into_iter().map(|view| Masked::from(view.row)).collect();
    let next = page.next(&keys, |key| &key.id);
    Ok(Json(Listing { success: true, keys, next }))
}

/// Deletes a key.
pub(in crate::http::admin) async fn delete(
    admin: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Done>, Problem> {
    let gone = Masked::from(gateway.keyring.show(&id).await?.row);
    gateway.keyring.delete(&id).await?;
    admin.changed(Change::gone(&serde_json::json!({ "hint": gone.key })));
    Ok(Json(Done::new("Key deleted")))
}

/// Enables a disabled key and disables an enabled one.
pub(in crate::http::admin) async fn toggle(
    admin: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Done>, Problem> {
    let enabled = !gateway.keyring.show(&id).await?.row.enabled;
    gateway.keyring.enable(&id, enabled).await?;
    admin.changed(Change::between(&switched(!enabled), &switched(enabled)));
    Ok(Json(Done::switched(enabled)))
}
