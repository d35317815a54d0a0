//! For machines that watch over the gateway. What is open to all says nothing that is not everybody's business; figures
//! and details are for the admin.

mod about;
mod debug;
mod health;
mod machine;
mod metrics;
mod status;
mod wake;

use super::routes::Guard::{Open, Viewer};
use super::routes::Route;

pub(super) use about::all as about;

/// Its routes. GET answers HEAD too, which some uptime monitors prefer.
pub(super) fn list() -> Vec<Route> {
    vec![
        Route::get("/health", Open, health::show),
        Route::get("/healthz", Open, health::alive),
        Route::get("/readyz", Open, health::ready),
        Route::get("/wake", Open, wake::wake),
        Route::get("/status", Open, status::show),
        Route::get("/metrics", Viewer, metrics::show),
        Route::get("/debug/info", Viewer, debug::show),
    ]
}
