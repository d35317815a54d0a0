//! `POST /admin/keys`: adds one key, or many in one field.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::import::{self, Brought};
use crate::http::guard::Admin;
use crate::keyring::Addition;

/// What became of each key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeysImported)]
pub(in crate::http::admin) struct Imported {
    added: usize,
    keys: Vec<Brought>,
    invalid: Vec<Invalid>,
    repeated: Vec<Again>,
}

/// Something that is no key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvalidKey)]
struct Invalid {
    hint: String,
    /// From 1; in a list, which item it is.
    line: usize,
    reason: &'static str,
}

/// A key that came again in the same text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RepeatedKey)]
struct Again {
    hint: String,
    line: usize,
    first_line: usize,
}

/// Adds keys: 201 if there is a new one now, else 200.
pub(in crate::http::admin) async fn add(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<(StatusCode, Json<Imported>), Problem> {
    let imported = Imported::from(import::import(&gateway, request).await??);
    let ids: Vec<&str> = imported.keys.iter().map(Brought::id).collect();
    admin.changed(Change::made(&serde_json::json!({ "added": imported.added, "ids": ids })));
    let status = if imported.added > 0 { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(imported)))
}

impl From<Addition> for Imported {
    fn from(addition: Addition) -> Self {
        let keys = import::brought(&addition);
        let Addition { keys: _, malformed, repeated } = addition;
        let invalid =
            malformed.into_iter().map(|bad| Invalid { hint: bad.hint, line: bad.line, reason: bad.reason });
        let repeated = repeated.into_iter().map(|again| Again {
            hint: again.hint,
            line: again.line,
            first_line: again.first,
        });
        Self {
            added: keys.iter().filter(|key| !key.is_duplicate()).count(),
            keys,
            invalid: invalid.collect(),
            repeated: repeated.collect(),
        }
    }
}
