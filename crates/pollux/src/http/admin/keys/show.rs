//! `GET /admin/keys/{id}`: a key, and what stands in its way.

use axum::Json;
use axum::extract::State;
use pool::{Grade, Hold, Moment, Whose};
use serde::Serialize;
use utoipa::ToSchema;

use super::Key;
use crate::clock;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::KeyId;
use crate::http::foreign;
use crate::http::guard::Viewer;

/// A key with every bench that holds it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyDetails)]
pub(in crate::http::admin) struct Shown {
    #[serde(flatten)]
    key: Key,
    holds: Vec<Held>,
}

/// Why a key cannot serve, all models or one, and when it is back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyHold)]
struct Held {
    /// Whose bench it is: `key`, `project`, `model`.
    #[schema(schema_with = foreign::whose)]
    whose: Whose,
    /// The model it is about; null for all of them.
    model: Option<String>,
    #[schema(schema_with = foreign::grade)]
    grade: Grade,
    reason: String,
    since: String,
    until: Option<String>,
}

/// One key.
pub(in crate::http::admin) async fn show(
    _: Viewer,
    State(gateway): State<Gateway>,
    KeyId(id): KeyId,
) -> Result<Json<Shown>, Problem> {
    let key = gateway.keyring.show(&id).await?.into();
    let holds = gateway.keyring.holds(&id).into_iter().map(Held::from).collect();
    Ok(Json(Shown { key, holds }))
}

impl From<Hold> for Held {
    fn from(hold: Hold) -> Self {
        let Hold { whose, model, bench } = hold;
        Self {
            whose,
            model,
            grade: bench.grade,
            reason: bench.reason,
            since: clock::iso(bench.since),
            until: (bench.until != Moment::NEVER).then(|| clock::iso(bench.until)),
        }
    }
}
