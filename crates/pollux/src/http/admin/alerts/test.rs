//! `POST /admin/alerts/test`: says over every channel that this is a test.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Gateway;
use crate::http::guard::Admin;
use crate::jobs::Told;

/// How it went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertTested)]
pub(in crate::http::admin) struct Tested {
    /// A channel each; empty if none is configured.
    data: Vec<Told>,
}

/// Tells everybody.
pub(in crate::http::admin) async fn send(_: Admin, State(gateway): State<Gateway>) -> Json<Tested> {
    Json(Tested { data: gateway.alerts.test(gateway.clock.now()).await })
}
