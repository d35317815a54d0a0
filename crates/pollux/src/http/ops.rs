//! For machines that watch over the gateway. What is open to all says nothing that is not everybody's business; figures
//! and details are for the admin.

mod debug;
mod health;
mod machine;
mod metrics;
mod status;
mod wake;

use axum::Router;
use axum::routing::get;

use super::Gateway;

/// Its routes. `get` answers HEAD too, which some uptime monitors prefer.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/health", get(health::show))
        .route("/healthz", get(health::alive))
        .route("/wake", get(wake::wake))
        .route("/status", get(status::show))
        .route("/metrics", get(metrics::show))
        .route("/debug/info", get(debug::show))
}
