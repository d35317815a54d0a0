//! Logging in and out: `/admin/session`. What changes a session is written down here, since viewers may do it too.

pub(super) mod close;
pub(super) mod confirm;
pub(super) mod open;
pub(super) mod password;
pub(super) mod show;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::request::Parts;

use super::Problem;
use super::fields::Fields;
use crate::audit::{Change, Deed};
use crate::http::{Gateway, cookie, guard, origin};
use crate::operators::{Credentials, Opened, Visitor};
use crate::secret::Secret;

pub(in crate::http::admin) use show::Myself;

/// Who stands at the door, and whether what is said there can be heard by others.
#[derive(Clone, Debug)]
pub(in crate::http::admin) struct AtTheDoor {
    pub(in crate::http::admin) visitor: Visitor,
    pub(in crate::http::admin) secure: bool,
}

impl FromRequestParts<Gateway> for AtTheDoor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let visitor = guard::visitor(gateway, parts)?;
        Ok(Self { visitor, secure: origin::is_secure(parts, &gateway.fixed.trusted_proxies) })
    }
}

/// A session that was opened: who it is, and the cookie.
pub(in crate::http::admin) fn welcome(opened: &Opened, secure: bool) -> Response {
    let mut response = Json(Myself::from(&opened.operator)).into_response();
    if let Some(header) = cookie::keep(opened.cookie.expose(), secure, opened.keep_for) {
        response.headers_mut().insert(SET_COOKIE, header);
    }
    response
}

/// The credentials that a body holds: `token`, or `name` and `password`.
fn credentials(fields: &Fields) -> Result<Credentials, Problem> {
    if let Some(token) = fields.text("token")? {
        return Ok(Credentials::Token(Secret::new(token)));
    }
    let name = fields.required("name")?.to_owned();
    Ok(Credentials::Password { name, password: Secret::new(fields.required("password")?) })
}

/// Writes down what became of an attempt at the door.
pub(in crate::http::admin) async fn write_down(
    gateway: &Gateway,
    (action, name): (&str, &str),
    visitor: &Visitor,
    status: u16,
) {
    let deed = Deed {
        operator: name.chars().take(100).collect(),
        via: "session",
        address: visitor.address,
        action: action.to_owned(),
        object: String::new(),
        status,
        change: Change::default(),
    };
    gateway.audit.record(deed).await;
}
