//! `GET /admin/settings/history?after=VERSION&limit=N`: who changed what, the newest first.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::page::{self, Listed};
use crate::http::guard::Viewer;
use crate::settings::{Difference, Version};

/// A version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingsVersion)]
pub(in crate::http::admin) struct Told {
    version: i64,
    at: String,
    author: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    changes: Vec<Difference>,
}

impl From<Version> for Told {
    fn from(version: Version) -> Self {
        let Version { version, at, author, note, stored: _, changes } = version;
        Self { version, at: clock::iso(at), author, note, changes }
    }
}

/// One page of versions.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    uri: Uri,
) -> Result<Json<Listed<Told>>, Problem> {
    let query = Query::<HashMap<String, String>>::try_from_uri(&uri);
    let Query(query) = query.map_err(|_| Problem::unprocessable("The query cannot be read."))?;
    let given = |name| query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let limit = page::limit(given("limit"))?;
    let before = given("after").map(str::parse).transpose();
    let before = before.map_err(|_| Problem::field("after", "must be the `next` of the page before"))?;
    let data: Vec<Told> =
        gateway.settings.history(before, limit).await?.into_iter().map(Told::from).collect();
    let next = data.last().filter(|last| data.len() >= limit && last.version > 1);
    let next = next.map(|last| last.version.to_string());
    Ok(Json(Listed { data, next }))
}
