//! Backups of the database.

pub(super) mod download;
pub(super) mod list;
pub(super) mod make;

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;
use crate::http::Gateway;
use crate::jobs::{Backup, Backups};

/// A backup, as operators see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backup)]
pub(super) struct Shown {
    name: String,
    bytes: u64,
    /// Null if the file is damaged.
    created_at: Option<String>,
    schema: Option<i64>,
    /// The version of Pollux that made it.
    made_by: Option<String>,
    /// Whether its end is there. Only `pollux restore --dry-run` reads all of it.
    readable: bool,
}

impl From<Backup> for Shown {
    fn from(backup: Backup) -> Self {
        let Backup { name, bytes, manifest } = backup;
        let readable = manifest.is_some();
        let (created_at, schema, made_by) = manifest
            .map(|manifest| (manifest.created_at, manifest.schema, manifest.program))
            .map_or((None, None, None), |(at, schema, program)| (Some(at), Some(schema), Some(program)));
        Self { name, bytes, created_at, schema, made_by, readable }
    }
}

/// The folder, where there is one.
fn folder(gateway: &Gateway) -> Result<Arc<Backups>, Problem> {
    let why = "This gateway keeps its data in PostgreSQL; back it up with pg_dump.";
    gateway.jobs.backups().cloned().ok_or_else(|| Problem::new(StatusCode::CONFLICT, why))
}

/// What the system says of files is for the log.
fn failed(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "the folder of backups cannot be used");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The folder of backups cannot be used; the log says why.")
}
