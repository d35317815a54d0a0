//! `GET /admin/keys`.

use axum::Json;
use axum::extract::State;

use super::Key;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::page::{Listed, Page};
use crate::http::guard::Viewer;

/// One page of keys, in the order they were added.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    page: Page,
) -> Result<Json<Listed<Key>>, Problem> {
    let after = page.after.as_deref().map(Into::into);
    let keys = gateway.keyring.list(after.as_ref(), page.limit).await?;
    let keys = keys.into_iter().map(Key::from).collect();
    Ok(Json(page.of(keys, |key| &key.id)))
}
