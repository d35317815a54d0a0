//! What can be turned while the gateway runs: `/admin/settings`.

pub(super) mod change;
pub(super) mod history;
pub(super) mod list;
pub(super) mod rollback;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Uri, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Problem;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::guard::Admin;
use crate::settings::{Difference, Terms};

/// The largest body: an injected prompt may be long.
const SETTINGS_LIMIT: usize = 512 << 10;

/// What a change came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingsChanged)]
pub(super) struct Changed {
    /// The version that holds now.
    version: i64,
    /// Nothing was changed; this is only what would be.
    dry_run: bool,
    changes: Vec<Difference>,
}

impl Changed {
    /// The answer, with the version as its tag.
    fn answer(admin: &Admin, (version, changes): (i64, Vec<Difference>), dry_run: bool) -> Response {
        if !dry_run {
            note(admin, &changes);
        }
        tagged(version, Json(Self { version, dry_run, changes }))
    }
}

/// The terms of a change: `If-Match` names the version seen, `?dry_run=true` asks what would change.
fn terms<'a>(headers: &HeaderMap, uri: &Uri, author: &'a str) -> Result<Terms<'a>, Problem> {
    let seen = match headers.get(header::IF_MATCH) {
        None => None,
        Some(tag) if tag == "*" => None,
        Some(tag) => Some(version_of(tag).ok_or_else(|| {
            let detail = "`If-Match` must be the version that you saw, as `ETag` gave it: \"7\".";
            Problem::new(http::StatusCode::BAD_REQUEST, detail)
        })?),
    };
    Ok(Terms { seen, author, dry_run: dry_run(uri)? })
}

fn version_of(tag: &HeaderValue) -> Option<i64> {
    let tag = tag.to_str().ok()?.trim();
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').parse().ok()
}

fn dry_run(uri: &Uri) -> Result<bool, Problem> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let found = pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == "dry_run");
    match found.map(|(_, value)| value) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(Problem::field("dry_run", "must be true or false")),
    }
}

fn tagged(version: i64, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Changes settings on behalf of an endpoint of another shape, whatever version holds.
pub(super) async fn set(gateway: &Gateway, admin: &Admin, patch: &Value) -> Result<(), Problem> {
    let terms = Terms { seen: None, author: admin.name(), dry_run: false };
    let nothing = Map::new();
    let (_, changes) = gateway.settings.change(patch.as_object().unwrap_or(&nothing), terms).await?;
    note(admin, &changes);
    Ok(())
}

/// Says for the audit what changed.
fn note(admin: &Admin, changes: &[Difference]) {
    let side = |value: fn(&Difference) -> &Value| {
        changes.iter().map(|one| (one.name.clone(), value(one).clone())).collect::<Map<_, _>>()
    };
    admin.changed(Change::between(&side(|one| &one.from), &side(|one| &one.to)));
}
