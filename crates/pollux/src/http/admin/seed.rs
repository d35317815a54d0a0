//! The lists of keys and models of the original proxy (`seed-facts.md` §2.14): same shapes, but keys are masked and lists are paged.

pub(super) mod gemini_keys;
pub(super) mod models;
pub(super) mod user_keys;

use serde::Serialize;
use utoipa::ToSchema;

/// That something was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedDone)]
pub(super) struct Done {
    success: bool,
    message: &'static str,
}

impl Done {
    fn new(message: &'static str) -> Self {
        Self { success: true, message }
    }

    fn switched(enabled: bool) -> Self {
        Self::new(if enabled { "Key enabled" } else { "Key disabled" })
    }
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedListing)]
pub(super) struct Listing<T> {
    success: bool,
    keys: Vec<T>,
    /// What to give as `after` for the next page.
    next: Option<String>,
}

/// Whether something is on, for the audit.
fn switched(enabled: bool) -> serde_json::Value {
    serde_json::json!({ "enabled": enabled })
}
