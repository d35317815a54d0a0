//! What the original proxy calls configuration (`seed-facts.md` §2.4–§2.7, §2.14): keys, users, and some settings under
//! their former names.

pub(super) mod gemini_key;
pub(super) mod inject_prompt;
pub(super) mod load_balance;
pub(super) mod show;
pub(super) mod thinking;
pub(super) mod user_key;

use serde::Serialize;
use utoipa::ToSchema;

use crate::settings::Values;

/// That a setting was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedUpdated)]
pub(super) struct Updated {
    success: bool,
    message: &'static str,
}

impl Updated {
    fn new(message: &'static str) -> Self {
        Self { success: true, message }
    }
}

/// How models think if the request does not say.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ThinkingConfig {
    enabled: bool,
    budget: i64,
    include_thoughts: bool,
}

impl ThinkingConfig {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            enabled: values.thinking_enabled,
            budget: values.thinking_budget,
            include_thoughts: values.include_thoughts,
        }
    }
}

/// What is added to every call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InjectConfig {
    enabled: bool,
    content: String,
    position: &'static str,
}

impl InjectConfig {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            enabled: values.injection_enabled,
            content: values.injection_content.clone(),
            position: values.injection_position.name(),
        }
    }
}
