//! For machines that watch over the gateway. What is open to all says nothing that is not everybody's business.

mod health;
mod metrics;
mod wake;

use axum::Router;
use axum::routing::get;

use super::Gateway;

/// Its routes. `get` answers HEAD too, which some uptime monitors prefer.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/health", get(health::show))
        .route("/healthz", get(health::alive))
        .route("/metrics", get(metrics::show))
        .route("/wake", get(wake::wake))
}
