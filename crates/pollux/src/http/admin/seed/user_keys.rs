//! `GET /admin/keys/user`, `DELETE /admin/keys/user/{id}`, `POST /admin/keys/user/{id}/toggle`.

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
use crate::http::admin::path::UserId;
use crate::http::guard::{Admin, Viewer};
use crate::store::record::UserRow;

/// A user with its key, masked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedUserKey)]
pub(in crate::http::admin) struct Masked {
    id: String,
    key: String,
    name: String,
    status: u8,
    created_at: String,
    last_used: Option<String>,
}

impl From<UserRow> for Masked {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id.as_str().to_owned(),
            key: row.hint,
            name: row.name,
            status: u8::from(row.enabled),
            created_at: clock::iso(row.created_at),
            last_used: row.last_used_at.map(clock::iso),
        }
    }
}

/// One page of users.
pub(in crate::http::admin) async fn list(
    _: Viewer,
    State(gateway): State<Gateway>,
    page: Page,
) -> Result<Json<Listing<Masked>>, Problem> {
    let after = page.after.as_deref().map(Into::into);
    let users = gateway.access.list_users(after.as_ref(), page.limit).await?;
    let keys: Vec<_> = users.into_iter().map(Masked::from).collect();
    let next = page.next(&keys, |key| &key.id);
    Ok(Json(Listing { success: true, keys, next }))
}

/// Removes a user.
pub(in crate::http::admin) async fn delete(
    admin: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<Done>, Problem> {
    let gone = Masked::from(gateway.access.user(&id).await?);
    gateway.access.delete_user(&id).await?;
    admin.changed(Change::gone(&serde_json::json!({ "name": gone.name })));
    Ok(Json(Done::new("Key deleted")))
}

/// Enables a disabled user and disables an enabled one.
pub(in crate::http::admin) async fn toggle(
    admin: Admin,
    State(gateway): State<Gateway>,
    UserId(id): UserId,
) -> Result<Json<Done>, Problem> {
    let enabled = !gateway.access.user(&id).await?.enabled;
    if enabled {
        gateway.access.enable_user(&id).await?
    } else {
        gateway.access.disable_user(&id).await?
    };
    admin.changed(Change::between(&switched(!enabled), &switched(enabled)));
    Ok(Json(Done::switched(enabled)))
}
