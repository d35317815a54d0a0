//! `POST /admin/jobs/{name}/run`: runs a job now.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;

use super::Shown;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::guard::Admin;

/// How long an answer waits for the end of the run.
pub(in crate::http::admin) const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a run, unless one is under way. 200 says that it is over, 202 that it goes on.
pub(in crate::http::admin) async fn run(
    _: Admin,
    State(gateway): State<Gateway>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    let job = gateway.jobs.named(&name).ok_or_else(|| Problem::missing("job"))?;
    let state = job.run_now(PATIENCE).await.ok_or_else(nobody)?;
    let status = if state.running_since.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Shown::of(job))))
}

/// Jobs have tasks of their own, which are there later than the first request and end before the last.
pub(in crate::http::admin) fn nobody() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "No job runs now: the gateway is starting or stopping. Try again when it is up.",
    )
}
