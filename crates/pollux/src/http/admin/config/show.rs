//! `GET /admin/config`: the settings under the names of the original (`seed-facts.md` §2.14, §3.1).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{InjectConfig, ThinkingConfig};
use crate::clock;
use crate::http::Gateway;
use crate::http::guard::Viewer;

/// Names of the original, and ours.
const NAMES: [(&str, &str); 10] = [
    ("default_model_name", "default_model"),
    ("max_retries", "max_attempts"),
    ("request_timeout", "request_timeout"),
    ("load_balance_strategy", "strategy"),
    ("thinking_enabled", "thinking_enabled"),
    ("thinking_budget", "thinking_budget"),
    ("include_thoughts", "include_thoughts"),
    ("inject_prompt_enabled", "injection_enabled"),
    ("inject_prompt_content", "injection_content"),
    ("inject_prompt_position", "injection_position"),
];

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedConfig)]
pub(in crate::http::admin) struct Shown {
    success: bool,
    system_configs: Vec<Row>,
    thinking_config: ThinkingConfig,
    inject_config: InjectConfig,
}

/// One setting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedConfigRow)]
struct Row {
    id: usize,
    key: &'static str,
    /// As text, times in seconds.
    value: String,
    description: String,
    created_at: String,
    updated_at: String,
}

/// Shows the settings.
pub(in crate::http::admin) async fn show(_: Viewer, State(gateway): State<Gateway>) -> Json<Shown> {
    let (current, values) = (gateway.settings.current(), gateway.settings.now());
    let created_at = clock::iso(gateway.started);
    let updated_at = current.at.map_or_else(|| created_at.clone(), clock::iso);
    let rows = NAMES.into_iter().enumerate().filter_map(|(index, (key, ours))| {
        let entry = current.entries.iter().find(|entry| entry.key.name == ours)?;
        let value = match (key, &entry.value) {
            ("request_timeout", _) => values.request_timeout.as_secs().to_string(),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        let description = entry.key.doc();
        let (created_at, updated_at) = (created_at.clone(), updated_at.clone());
        Some(Row { id: index + 1, key, value, description, created_at, updated_at })
    });
    Json(Shown {
        success: true,
        system_configs: rows.collect(),
        thinking_config: ThinkingConfig::of(&values),
        inject_config: InjectConfig::of(&values),
    })
}
