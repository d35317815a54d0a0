//! What is known of a call before it begins, for those who watch it.

use std::sync::Arc;

use http::HeaderMap;
use tokio::time::Instant;

use super::Gateway;
use super::layers::REQUEST_ID;
use crate::access;
use crate::telemetry::call::{Begun, Watch, Witness};
use crate::telemetry::trace::Parent;

/// Letters of what a client calls itself that are kept.
const LONGEST_AGENT: usize = 200;

/// A request that has been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived<'a> {
    pub(super) surface: &'static str,
    pub(super) route: &'static str,
    pub(super) headers: &'a HeaderMap,
    pub(super) caller: &'a access::Caller,
    /// The model as the client wrote it.
    pub(super) asked: &'a str,
    pub(super) at: Instant,
}

/// The id of a request, which the layers gave it.
pub(super) fn id(headers: &HeaderMap) -> &str {
    headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The call that it asks for begins.
pub(super) fn watch(
    gateway: &Gateway,
    arrived: Arrived<'_>,
    (model, streamed): (&str, bool),
    witness: Option<Arc<dyn Witness>>,
) -> Watch {
    let Arrived { surface, route, headers, caller, asked, at } = arrived;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    gateway.watcher.begin(Begun {
        request: id(headers).to_owned(),
        user: caller.user.as_str().to_owned(),
        surface,
        route,
        asked: asked.to_owned(),
        model: model.to_owned(),
        label: gateway.catalog.label(model).to_owned(),
        streamed,
        price: gateway.catalog.price(model, gateway.clock.now()),
        parent: text("traceparent").and_then(Parent::parse),
        address: caller.from.map(|address| address.to_string()).unwrap_or_default(),
        agent: text("user-agent").unwrap_or_default().chars().take(LONGEST_AGENT).collect(),
        witness,
        at,
    })
}
