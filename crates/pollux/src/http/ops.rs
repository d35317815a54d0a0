//! For machines that watch over the gateway. Open to all; says nothing that is not everybody's business.

mod health;
mod wake;

use super::routes::Guard::Open;
use super::routes::Route;

/// Its routes. GET answers HEAD too, which some uptime monitors prefer.
pub(super) fn list() -> Vec<Route> {
    vec![
        Route::get("/health", Open, health::show),
        Route::get("/healthz", Open, health::alive),
        Route::get("/wake", Open, wake::wake),
    ]
}
