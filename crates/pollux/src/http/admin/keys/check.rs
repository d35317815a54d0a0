//! `POST /admin/keys/{id}/check`: asks Google whether a key works. Costs no quota.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Key;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::KeyId;
use crate::http::guard::Admin;
use crate::keyring::Checked;

/// What Google said, and where the key stands now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyVerdict)]
pub(in crate::http::admin) struct Verdict {
    works: bool,
    /// A short name of what is wrong, or `ok`.
    finding: &'static str,
    message: Option<String>,
    key: Key,
}

/// Checks a key.
pub(in crate::http::admin) async fn check(
    _: Admin,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Verdict>, Problem> {
    let Checked { works, finding, message } = gateway.keyring.check(&id).await?;
    let key = gateway.keyring.show(&id).await?.into();
    Ok(Json(Verdict { works, finding, message: Some(message).filter(|text| !text.is_empty()), key }))
}
