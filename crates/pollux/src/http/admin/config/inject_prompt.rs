//! `POST /admin/config/inject-prompt`: what is added to every call (`seed-facts.md` §2.7).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde_json::{Map, Value};

use super::Updated;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{Problem, settings};
use crate::http::guard::Admin;
use crate::store::record::InjectionPosition;

/// The largest body: a prompt may be long.
const LIMIT: usize = 256 << 10;

/// Sets those of `enabled`, `content` and `position` that are given.
pub(in crate::http::admin) async fn set(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Updated>, Problem> {
    let fields = Fields::read(request, LIMIT).await?;
    let position = fields.text("position")?;
    let known = InjectionPosition::ALL.map(InjectionPosition::name);
    if position.is_some_and(|position| !known.contains(&position)) {
        return Err(Problem::field("position", "must be one of: system, user_prefix, user_suffix"));
    }
    let (enabled, content) = (fields.truth("enabled")?, fields.text("content")?);
    let mut patch = Map::new();
    patch.extend(enabled.map(|enabled| ("injection_enabled".to_owned(), Value::from(enabled))));
    patch.extend(content.map(|content| ("injection_content".to_owned(), Value::from(content))));
    patch.extend(position.map(|position| ("injection_position".to_owned(), Value::from(position))));
    settings::set(&gateway, &admin, &patch.into()).await?;
    Ok(Json(Updated::new("Inject prompt configuration updated successfully")))
}
