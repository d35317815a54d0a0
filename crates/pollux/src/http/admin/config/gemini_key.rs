//! `POST /admin/config/gemini-key`: adds one key, or many in one field.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::import::{self, Brought};
use crate::http::guard::Admin;
use crate::keyring::{Addition, RollError};

/// What became of the keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeedKeysAdded)]
pub(in crate::http::admin) struct Report {
    /// At least one was added.
    success: bool,
    message: String,
    total_processed: usize,
    successful_adds: usize,
    failed_adds: usize,
    /// One sentence for each key.
    details: Vec<String>,
    invalid_keys: Vec<String>,
    duplicate_keys: Vec<String>,
    keys: Vec<Brought>,
}

/// Adds keys. Answers 200 also if none could be added, as scripts expect it.
pub(in crate::http::admin) async fn add(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Report>, Problem> {
    match import::import(&gateway, request).await? {
        Ok(addition) => {
            let report = Report::new(&addition);
            let ids: Vec<&str> = report.keys.iter().map(Brought::id).collect();
            admin.changed(Change::made(&serde_json::json!({ "added": report.successful_adds, "ids": ids })));
            Ok(Json(report))
        }
        Err(RollError::NoKeys) => Ok(Json(Report::new(&Addition::default()))),
        Err(
            error @ (RollError::Store(_) | RollError::TooMany | RollError::Project(_) | RollError::Words(_)),
        ) => Err(error.into()),
    }
}

impl Report {
    fn new(addition: &Addition) -> Self {
        let keys = import::brought(addition);
        let mut details = Vec::new();
        details.extend(keys.iter().map(|key| {
            let what = if key.is_duplicate() { "already in the pool" } else { "added" };
            format!("{}: {what}", key.hint())
        }));
        details.extend(addition.repeated.iter().map(|again| {
            format!("{}: given again on line {}, first on line {}", again.hint, again.line, again.first)
        }));
        details.extend(
            addition.malformed.iter().map(|bad| format!("{}: line {} {}", bad.hint, bad.line, bad.reason)),
        );
        let known = keys.iter().filter(|key| key.is_duplicate()).map(|key| key.hint().to_owned());
        let repeated = addition.repeated.iter().map(|again| again.hint.clone());
        let duplicate_keys: Vec<_> = known.chain(repeated).collect();
        let total_processed = details.len();
        let successful_adds = keys.iter().filter(|key| !key.is_duplicate()).count();
        Self {
            success: successful_adds > 0,
            message: message(addition, successful_adds, total_processed),
            total_processed,
            successful_adds,
            failed_adds: total_processed - successful_adds,
            details,
            invalid_keys: addition.malformed.iter().map(|bad| bad.hint.clone()).collect(),
            duplicate_keys,
            keys,
        }
    }
}

fn message(addition: &Addition, added: usize, total: usize) -> String {
    match (added, total) {
        (0, 0) => "Failed to add key: there is no key in the field".to_owned(),
        (0, 1) => match addition.malformed.first() {
            Some(bad) => format!("Failed to add key: it {}", bad.reason),
            None => "Failed to add key: it is already in the pool".to_owned(),
        },
        (0, _) => {
            let malformed = addition.malformed.len();
            format!("Failed to add keys: {} already in the pool, {malformed} not valid", total - malformed)
        }
        (1, 1) => "Key added successfully".to_owned(),
        (added, total) if added == total => format!("{added} keys added successfully"),
        (added, total) => format!("{added} of {total} keys added"),
    }
}
