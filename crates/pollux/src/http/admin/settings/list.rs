//! `GET /admin/settings`: every setting with its value, where that comes from, and what it takes.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::tagged;
use crate::clock;
use crate::http::Gateway;
use crate::http::guard::Viewer;
use crate::settings::{Entry, Kind};

/// All settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
pub(in crate::http::admin) struct Listing {
    /// Counts changes; 0 if nothing was ever stored.
    version: i64,
    updated_at: Option<String>,
    updated_by: Option<String>,
    settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug, Serialize, ToSchema)]
struct Setting {
    name: &'static str,
    section: &'static str,
    value: Value,
    /// `stored`, `configured` or `default`.
    source: &'static str,
    /// What would hold if it were reset.
    configured: Value,
    /// What holds if nobody says anything, as it is written in a file.
    default: &'static str,
    constraints: Value,
    doc: String,
    /// Where its starting value is written.
    flag: Option<String>,
    env: &'static [&'static str],
}

impl From<Entry> for Setting {
    fn from(entry: Entry) -> Self {
        let Entry { key, value, source, configured } = entry;
        Self {
            name: key.name,
            section: key.section,
            value,
            source: source.word(),
            configured,
            default: key.default,
            constraints: key.kind.as_ref().map(Kind::constraints).unwrap_or_default(),
            doc: key.doc(),
            flag: key.flag.map(|flag| format!("--{flag}")),
            env: key.env,
        }
    }
}

/// Shows all settings; `ETag` is their version.
pub(in crate::http::admin) async fn show(_: Viewer, State(gateway): State<Gateway>) -> Response {
    let current = gateway.settings.current();
    let listing = Listing {
        version: current.version,
        updated_at: current.at.map(clock::iso),
        updated_by: current.author,
        settings: current.entries.into_iter().map(Setting::from).collect(),
    };
    tagged(listing.version, Json(listing))
}
