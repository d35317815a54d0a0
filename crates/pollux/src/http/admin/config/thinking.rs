//! `POST /admin/config/thinking`: how much models think if the request does not say (`seed-facts.md` §2.6).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde_json::{Map, Value};

use super::Updated;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{BODY_LIMIT, Problem, settings};
use crate::http::guard::Admin;

/// Sets those of `enabled`, `budget` and `include_thoughts` that are given.
pub(in crate::http::admin) async fn set(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Updated>, Problem> {
    let fields = Fields::read(request, BODY_LIMIT).await?;
    let mut patch = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        patch.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("thinking_enabled", fields.truth("enabled")?.map(Value::from));
    put("thinking_budget", fields.whole("budget", -1..=32_768_i64)?.map(Value::from));
    put("include_thoughts", fields.truth("include_thoughts")?.map(Value::from));
    settings::set(&gateway, &admin, &patch.into()).await?;
    Ok(Json(Updated::new("Thinking configuration updated successfully")))
}
