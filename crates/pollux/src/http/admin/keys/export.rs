//! `POST /admin/keys/export`: the Gemini keys in clear, for moving elsewhere.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem, path};
use crate::http::guard::Admin;
use crate::store::PAGE;

/// Keys in clear. The only answer that ever holds one that was added before.
#[derive(Serialize, ToSchema)]
#[schema(as = KeysExported)]
pub(in crate::http::admin) struct Exported {
    keys: Vec<Plain>,
    /// What to give as `after` for the next page; null after the last.
    next: Option<String>,
}

/// One key.
#[derive(Serialize, ToSchema)]
#[schema(as = PlainKey)]
struct Plain {
    id: String,
    project_id: String,
    label: String,
    note: String,
    tags: Vec<String>,
    enabled: bool,
    key: String,
}

/// A page of keys in clear, in the order they were added. Takes `after` and `limit` in the body.
pub(in crate::http::admin) async fn export(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Exported>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    fields.only(&["after", "limit"])?;
    let after = fields.text("after")?;
    if after.is_some_and(|id| !path::is_id(id)) {
        return Err(Problem::field("after", "must be the `next` of the page before"));
    }
    let limit = fields.whole("limit", 1..=PAGE as u64)?.unwrap_or(PAGE as u64);
    let limit = usize::try_from(limit).unwrap_or(PAGE);
    let keys = gateway.keyring.export(after.map(Into::into).as_ref(), limit).await?;
    let keys: Vec<Plain> = keys
        .into_iter()
        .map(|(row, secret)| Plain {
            id: row.id.as_str().to_owned(),
            project_id: row.project.as_str().to_owned(),
            label: row.words.label,
            note: row.words.note,
            tags: row.words.tags,
            enabled: row.enabled,
            key: secret.expose().to_owned(),
        })
        .collect();
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    admin.changed(Change::made(&serde_json::json!({ "exported": ids.len(), "ids": ids })));
    tracing::warn!(operator = admin.name(), keys = ids.len(), "Gemini keys were exported in clear");
    let next = keys.last().filter(|_| keys.len() >= limit).map(|key| key.id.clone());
    Ok(Json(Exported { keys, next }))
}
