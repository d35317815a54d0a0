//! Passing a call on for a user, and counting it.

use axum::body::Body;
use bytes::Bytes;
use dialect::gemini::usage::Tokens;
use http::{HeaderMap, Method};
use http_body_util::BodyExt;

use crate::access::Caller;
use crate::http::Gateway;
use crate::http::failed::Failed;
use crate::limits::Tariff;
use crate::relay::{Passed, Passing, Payload};
use crate::store::record::ProjectId;

/// Where a call goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way<'a> {
    /// To the project that has what it is about.
    Owner(&'a ProjectId),
    /// To this project, if that does.
    Rather(Option<&'a ProjectId>),
}

/// A call as it goes on.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) way: Way<'a>,
}

/// Sends it, and has Google's answer.
pub(super) async fn send(
    gateway: &Gateway,
    caller: &Caller,
    sending: Sending<'_>,
    payload: Payload,
) -> Result<Passed, Failed> {
    let Sending { method, path, headers, way } = sending;
    let headers = passed_on(headers);
    let (owner, prefer) = match way {
        Way::Owner(project) => (Some(project.as_str()), None),
        Way::Rather(project) => (None, project.map(ProjectId::as_str)),
    };
    let passing = Passing {
        user: caller.user.as_str(),
        private: caller.private,
        weight: caller.weight,
        method,
        path,
        headers: &headers,
        owner,
        prefer,
    };
    let passed = Box::pin(gateway.relay.pass(&passing, payload)).await;
    passed.map_err(|refusal| Failed::from_refusal(&refusal, gateway.clock.now()))
}

/// The same, as a request of the user's that its limits count.
pub(super) async fn send_counted(
    gateway: &Gateway,
    caller: &Caller,
    sending: Sending<'_>,
    payload: Payload,
) -> Result<Passed, Failed> {
    let nothing = Tokens::default();
    let admitted = gateway.limits.admit(&caller.user, &caller.rules.caps, &nothing, Tariff::new(None)).await;
    let admission = admitted.map_err(|denial| Failed::from_refused(&denial.refused, gateway.clock.now()))?;
    let sent = send(gateway, caller, sending, payload).await;
    match &sent {
        Ok(_) => admission.settle(Some(&nothing)),
        Err(_) => admission.give_back(),
    }
    sent
}

/// A body that is passed on piece by piece.
pub(super) fn flow(body: Body) -> Payload {
    Payload::Flow(body.map_err(Into::into).boxed_unsync())
}

/// A body that is there.
pub(super) fn whole(body: Bytes) -> Payload {
    Payload::Whole(body)
}

/// What of a request's headers Google has to know.
fn passed_on(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let wanted = |name: &str| {
        name == "content-type" || name == "accept" || name == "range" || name.starts_with("x-goog-upload-")
    };
    let named = headers.iter().filter(|(name, _)| wanted(name.as_str()));
    named.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}
