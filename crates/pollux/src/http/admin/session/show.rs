//! `GET /admin/session`: as whom is this request let in?

use axum::Json;
use serde::Serialize;

use crate::http::guard::Viewer;
use crate::operators::{Operator, Via};

/// An operator, as itself.
#[derive(Debug, Serialize)]
pub(in crate::http::admin) struct Myself {
    name: String,
    role: &'static str,
    /// `token`, or `nothing` where administration is open.
    via: &'static str,
}

/// Who is asking.
pub(in crate::http::admin) async fn show(viewer: Viewer) -> Json<Myself> {
    let Operator { name, role, via } = viewer.operator();
    let via = match via {
        Via::Token => "token",
        Via::Nothing => "nothing",
    };
    Json(Myself { name: name.as_ref().to_owned(), role: role.as_str(), via })
}
