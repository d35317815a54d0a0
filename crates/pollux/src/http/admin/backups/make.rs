//! `POST /admin/backups`: makes a backup now.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::json;

use super::folder;
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::jobs::Shown;
use crate::http::admin::jobs::run::{PATIENCE, nobody};
use crate::http::guard::Admin;

/// Runs the job that makes backups: 201 if one was made, 202 if that takes longer.
pub(in crate::http::admin) async fn make(
    admin: Admin,
    State(gateway): State<Gateway>,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    folder(&gateway)?;
    let job = gateway.jobs.named("backup").ok_or_else(|| Problem::missing("job"))?;
    let state = job.run_now(PATIENCE).await.ok_or_else(nobody)?;
    if state.running_since.is_some() {
        return Ok((StatusCode::ACCEPTED, Json(Shown::of(job))));
    }
    if let Some(run) = state.last.filter(|run| !run.succeeded) {
        tracing::error!(said = run.said, "an operator's backup failed");
        let detail = "The backup could not be made; GET /admin/jobs and the log say why.";
        return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail));
    }
    admin.changed(Change::made(&json!({ "backup": "made" })));
    Ok((StatusCode::CREATED, Json(Shown::of(job))))
}
