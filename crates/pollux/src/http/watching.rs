//! What is known of a call before it begins, for those who watch it.

use http::HeaderMap;
use tokio::time::Instant;

use super::Gateway;
use super::layers::REQUEST_ID;
use crate::access;
use crate::telemetry::call::{Begun, Watch};
use crate::telemetry::trace::Parent;

/// A request that has been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived<'a> {
    pub(super) surface: &'static str,
    pub(super) route: &'static str,
    pub(super) headers: &'a HeaderMap,
    pub(super) caller: &'a access::Caller,
    pub(super) at: Instant,
}

/// The call that it asks for begins.
pub(super) fn watch(gateway: &Gateway, arrived: Arrived<'_>, model: &str, streamed: bool) -> Watch {
    let Arrived { surface, route, headers, caller, at } = arrived;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    gateway.watcher.begin(Begun {
        request: text(REQUEST_ID.as_str()).unwrap_or_default().to_owned(),
        user: caller.user.as_str().to_owned(),
        surface,
        route,
        model: model.to_owned(),
        label: gateway.catalog.label(model).to_owned(),
        streamed,
        price: gateway.catalog.price(model, gateway.clock.now()),
        parent: text("traceparent").and_then(Parent::parse),
        at,
    })
}
