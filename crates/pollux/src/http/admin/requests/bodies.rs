//! `GET /admin/requests/{id}/bodies`: what was said in a call, where that is kept. Reading it is written to the audit.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::audit::Change;
use crate::bodies;
use crate::clock;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::path::CallId;
use crate::http::guard::Admin;

/// What was said in a call: each as JSON if it is, else as text; null if there was none.
#[derive(Serialize, ToSchema)]
#[schema(as = Bodies)]
pub(in crate::http::admin) struct Shown {
    id: String,
    user_id: String,
    at: String,
    /// What the client asked.
    request: Option<Value>,
    /// What Gemini was asked.
    gemini_request: Option<Value>,
    /// What Gemini answered, event by event.
    gemini_response: Option<Value>,
    /// What the client was answered.
    response: Option<Value>,
    /// Those of them that were too long to be kept whole.
    cut: Vec<String>,
}

/// What was said in one call.
pub(in crate::http::admin) async fn show(
    admin: Admin,
    State(gateway): State<Gateway>,
    CallId(id): CallId,
) -> Result<Json<Shown>, Problem> {
    let row = gateway.store.bodies(&id).await?;
    let said = row.as_ref().and_then(|row| bodies::read(&row.content));
    let (Some(row), Some(said)) = (row, said) else {
        return Err(Problem::missing("kept conversation"));
    };
    admin
        .changed(Change::made(&serde_json::json!({ "read": "what was said", "user_id": row.user.as_str() })));
    Ok(Json(Shown {
        id,
        user_id: row.user.as_str().to_owned(),
        at: clock::iso(row.at),
        request: whole(said.request),
        gemini_request: whole(said.gemini_request),
        gemini_response: lines(said.gemini_response),
        response: whole(said.response),
        cut: said.cut,
    }))
}

fn whole(text: String) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    Some(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// One value a line: of a whole answer just that, of a stream a list.
fn lines(text: String) -> Option<Value> {
    let values: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    match values {
        Ok(mut values) if values.len() == 1 => values.pop(),
        Ok(values) if !values.is_empty() => Some(Value::Array(values)),
        Ok(_) => None,
        Err(_) => whole(text),
    }
}
