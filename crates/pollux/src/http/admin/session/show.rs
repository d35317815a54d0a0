//! `GET /admin/session`: as whom is this request let in?

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::http::guard::Viewer;
use crate::operators::{Operator, Via};

/// An operator, as itself.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::admin) struct Myself {
    /// Null for the holder of the admin token.
    id: Option<String>,
    name: String,
    role: &'static str,
    /// `session`, `token`, or `nothing` where administration is open.
    via: &'static str,
    /// What must be sent as `x-pollux-csrf` with each change; null where there is no session.
    csrf: Option<String>,
    /// When the session ends, used or not.
    expires_at: Option<String>,
    /// When this operator last proved who it is.
    confirmed_at: Option<String>,
}

impl From<&Operator> for Myself {
    fn from(operator: &Operator) -> Self {
        let Operator { id, name, role, via } = operator;
        let session = match via {
            Via::Session(session) => Some(session),
            Via::Token | Via::Nothing => None,
        };
        Self {
            id: id.as_deref().map(str::to_owned),
            name: name.as_ref().to_owned(),
            role: role.as_str(),
            via: via.as_str(),
            csrf: session.map(|session| session.csrf.as_ref().to_owned()),
            expires_at: session.map(|session| clock::iso(session.ends_at)),
            confirmed_at: session.map(|session| clock::iso(session.confirmed_at)),
        }
    }
}

/// Who is asking.
pub(in crate::http::admin) async fn show(viewer: Viewer) -> Json<Myself> {
    Json(viewer.operator().into())
}
