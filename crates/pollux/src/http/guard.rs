//! What stands before the routes of operators: who is this, and may it? And what writes down what it did.
//!
//! The guard runs before the handler and leaves what it found to the extractors [`Viewer`] and [`Admin`], in this file
//! and nowhere else. A handler that asks for one of them on a route without a guard fails, and a test that walks all
//! routes sees it. Everything that was done by a route for admins ends up in the audit, also if its client went away
//! half-way; the handler adds what was different afterwards. What was refused for its form did nothing and is left out.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use super::admin::Problem;
use super::caller::credential;
use super::peer::ClientAddress;
use super::routes::Guard;
use super::{Gateway, cookie, origin};
use crate::audit::{Change, Deed};
use crate::operators::{Operator, OperatorError, Operators, Refused, Role, Via, Visitor};

/// What nginx says of a client that did not wait for the answer.
const CLIENT_GONE: u16 = 499;
const CSRF: &str = "x-pollux-csrf";
const LONGEST_OBJECT: usize = 200;

/// What an operator is about to do. Made by the guard only.
#[derive(Clone, Debug)]
struct Act {
    operator: Operator,
    /// To what, and what was different afterwards, as far as the handler says so.
    said: Arc<Mutex<Said>>,
}

#[derive(Debug, Default)]
struct Said {
    object: Option<String>,
    change: Change,
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

    /// Says for the audit what was different afterwards. What is named like a secret or looks like one is left out.
    pub(crate) fn changed(&self, change: Change) {
        self.say(|said| said.change = change);
    }

    /// The same, of something that the path does not name.
    pub(crate) fn changed_object(&self, object: &str, change: Change) {
        self.say(|said| *said = Said { object: Some(object.to_owned()), change });
    }

    fn say(&self, how: impl FnOnce(&mut Said)) {
        how(&mut self.0.said.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A deed that is being done; written down when it is over, or when nobody waits for it any more.
struct Doing {
    gateway: Gateway,
    deed: Option<Deed>,
    said: Arc<Mutex<Said>>,
}

impl Doing {
    /// The deed as it ended.
    fn end(&mut self, status: u16) -> Option<Deed> {
        let mut deed = self.deed.take()?;
        let said = std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner));
        deed.status = status;
        deed.object = said.object.unwrap_or(deed.object);
        deed.change = said.change;
        Some(deed)
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        if let Some(deed) = self.end(CLIENT_GONE) {
            self.gateway.audit.record_later(deed);
        }
    }
}

/// Lets an operator pass to its handler, or says why not.
pub(super) async fn pass(gateway: Gateway, guard: Guard, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let operator = match recognise(&gateway, &parts).await {
        Ok(operator) => operator,
        Err(error) => return Problem::from(error).into_response(),
    };
    let said = Arc::default();
    let act = Act { operator, said: Arc::clone(&said) };
    let writes = matches!(guard, Guard::Admin | Guard::Sudo);
    let deed = writes.then(|| deed(&gateway, &parts, &act.operator));
    let mut doing = Doing { gateway, deed, said };
    let response = match may(&doing.gateway, guard, act.operator.clone()) {
        Ok(_) => {
            parts.extensions.insert(act);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refused) => Problem::from(refused).into_response(),
    };
    let status = response.status();
    if let Some(deed) = doing.end(status.as_u16()).filter(|_| counts(status)) {
        doing.gateway.audit.record(deed).await;
    }
    response
}

/// Whether an act with this ending is worth a line: it may have changed something, or it was not allowed to.
fn counts(status: StatusCode) -> bool {
    !status.is_client_error() || status == StatusCode::FORBIDDEN
}

/// Who makes a request: by the admin token, or by the cookie of a session.
async fn recognise(gateway: &Gateway, parts: &Parts) -> Result<Operator, OperatorError> {
    let trusted = &gateway.fixed.trusted_proxies;
    let changes = !parts.method.is_safe();
    if gateway.operators.is_open() {
        // Nothing but the browser stands between a hostile page and an open door on loopback.
        if !origin::is_for_loopback(parts) || origin::is_foreign(parts, trusted) {
            return Err(Refused::Foreign.into());
        }
        return Ok(gateway.operators.token(None)?);
    }
    if let Some(token) = credential(&parts.headers) {
        let ClientAddress(address) = ClientAddress::of(parts, trusted);
        return Ok(gateway.operators.token_from(token, address)?);
    }
    let secure = origin::is_secure(parts, trusted);
    let cookie = cookie::read(&parts.headers, secure).ok_or(Refused::Missing)?;
    if origin::is_foreign(parts, trusted) {
        return Err(Refused::Foreign.into());
    }
    let operator = gateway.operators.by_cookie(cookie).await?;
    if changes && let Via::Session(session) = &operator.via {
        let presented = parts.headers.get(CSRF).and_then(|value| value.to_str().ok());
        if !Operators::is_csrf_of(session, presented) {
            return Err(Refused::Csrf.into());
        }
    }
    Ok(operator)
}

/// Whether the guard lets this operator pass.
fn may(gateway: &Gateway, guard: Guard, operator: Operator) -> Result<Operator, Refused> {
    match guard {
        Guard::Open | Guard::User | Guard::Viewer => Ok(operator),
        Guard::Admin => operator.at_least(Role::Admin),
        Guard::Sudo => operator.at_least(Role::Admin)?.lately(gateway.clock.now()),
    }
}

/// What is about to be done, as far as the request says.
fn deed(gateway: &Gateway, parts: &Parts, operator: &Operator) -> Deed {
    let ClientAddress(address) = ClientAddress::of(parts, &gateway.fixed.trusted_proxies);
    let route = parts.extensions.get::<MatchedPath>().map_or_else(|| parts.uri.path(), MatchedPath::as_str);
    Deed {
        operator: operator.name.as_ref().to_owned(),
        via: operator.via.as_str(),
        address,
        action: format!("{} {route}", parts.method),
        object: object(route, parts.uri.path()),
        ..Deed::default()
    }
}

/// What stands in the places of a route that vary: `project_01…/gemini-3.8-flash`.
fn object(route: &str, path: &str) -> String {
    let places = route.rsplit('/').zip(path.rsplit('/')).filter(|(place, _)| place.starts_with('{'));
    let mut found: Vec<&str> = places.map(|(_, piece)| piece).collect();
    found.reverse();
    let text = found.join("/");
    percent_encoding::percent_decode_str(&text).decode_utf8_lossy().chars().take(LONGEST_OBJECT).collect()
}

/// Who stands at the door, for those who log in.
pub(super) fn visitor(gateway: &Gateway, parts: &Parts) -> Result<Visitor, Refused> {
    let trusted = &gateway.fixed.trusted_proxies;
    let open = gateway.operators.is_open();
    // A page of another site must not log a browser in as somebody else either.
    if origin::is_foreign(parts, trusted) || (open && !origin::is_for_loopback(parts)) {
        return Err(Refused::Foreign);
    }
    let ClientAddress(address) = ClientAddress::of(parts, trusted);
    let agent = parts.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    Ok(Visitor { address, agent: agent.unwrap_or_default().to_owned() })
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

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn an_object_is_what_the_path_names() {
        let cases = [
            ("/admin/keys", "/keys", ""),
            ("/admin/keys/{id}/enable", "/keys/key_01/enable", "key_01"),
            ("/admin/projects/{id}/limits/{model}", "/admin/projects/p1/limits/gemini%2Dx", "p1/gemini-x"),
            ("/admin/limits/{model}", "/limits/%FF", "\u{fffd}"),
        ];
        for (route, path, expected) in cases {
            assert_eq!(object(route, path), expected, "{route}");
        }
    }
}
