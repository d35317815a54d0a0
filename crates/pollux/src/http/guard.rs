//! What stands before the routes of operators: who is this, and may it?
//!
//! The guard runs before the handler and leaves what it found to the extractors [`Viewer`] and [`Admin`], in this file
//! and nowhere else. A handler that asks for one of them on a route without a guard fails, and a test that walks all
//! routes sees it.

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode};

use super::Gateway;
use super::admin::Problem;
use super::caller::credential;
use super::peer::ClientAddress;
use super::routes::Guard;
use crate::operators::{Operator, Refused, Role};

/// What an operator is about to do. Made by the guard only.
#[derive(Clone, Debug)]
struct Act {
    operator: Operator,
    from: ClientAddress,
}

/// An operator who may look.
#[derive(Clone, Debug)]
pub(crate) struct Viewer(Act);

/// An operator who may change things.
#[derive(Clone, Debug)]
pub(crate) struct Admin(Act);

impl Viewer {
    /// Who it is.
    pub(crate) fn operator(&self) -> &Operator {
        &self.0.operator
    }
}

impl Admin {
    /// The name that stands beside what it changes.
    pub(crate) fn name(&self) -> &str {
        &self.0.operator.name
    }
}

/// Lets an operator pass to its handler, or says why not.
pub(super) async fn pass(
    gateway: Gateway,
    (guard, path): (Guard, &'static str),
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match recognise(&gateway, guard, &parts) {
        Ok(operator) => {
            let act = Act { operator, from: ClientAddress::of(&parts, &gateway.settings.trusted_proxies) };
            let method = parts.method.clone();
            parts.extensions.insert(act.clone());
            let response = next.run(Request::from_parts(parts, body)).await;
            if guard == Guard::Admin {
                note(&act, (&method, path), response.status());
            }
            response
        }
        Err(refused) => Problem::from(refused).into_response(),
    }
}

fn recognise(gateway: &Gateway, guard: Guard, parts: &Parts) -> Result<Operator, Refused> {
    let operator = gateway.operators.token(credential(&parts.headers))?;
    match guard {
        Guard::Open | Guard::User | Guard::Viewer => Ok(operator),
        Guard::Admin => operator.at_least(Role::Admin),
    }
}

/// Leaves a line in the log about what an operator did.
fn note(act: &Act, (method, path): (&Method, &str), status: StatusCode) {
    let Act { operator: Operator { name, via, .. }, from: ClientAddress(from) } = act;
    let status = status.as_u16();
    tracing::info!(operator = &**name, ?via, ?from, %method, path, status, "an operator acted");
}

/// What the guard left.
fn act(parts: &Parts) -> Result<Act, Problem> {
    parts.extensions.get::<Act>().cloned().ok_or_else(|| {
        tracing::error!(path = parts.uri.path(), "a handler for operators has no guard");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The gateway failed; its log says why.")
    })
}

impl FromRequestParts<Gateway> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Gateway) -> Result<Self, Problem> {
        act(parts).map(Self)
    }
}

impl FromRequestParts<Gateway> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Gateway) -> Result<Self, Problem> {
        let act = act(parts)?;
        // Asked again: a handler that changes things may stand on a route that was declared for viewers by mistake.
        if act.operator.role < Role::Admin {
            return Err(Refused::Role.into());
        }
        Ok(Self(act))
    }
}
