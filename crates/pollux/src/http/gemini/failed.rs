//! A refusal as Google would write it: `{"error": {"code", "message", "status", "details"}}` (`wire.md` §8).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::http::failed::Failed;

/// A refusal in Google's envelope.
#[derive(Debug)]
pub(in crate::http) struct Refused(pub(in crate::http) Failed);

impl Refused {
    /// The envelope.
    pub(super) fn body(&self) -> Value {
        let Self(failed) = self;
        let error = &failed.error;
        let mut details = Vec::new();
        if let Some(code) = error.code {
            details.push(json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": "pollux",
                "reason": code.to_ascii_uppercase()}));
        }
        if let Some(wait) = failed.wait() {
            let delay = format!("{}s", wait.as_secs_f64().ceil().max(1.0));
            details.push(json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}));
        }
        json!({"error": {"code": error.status, "message": error.message, "status": rpc_status(error.status),
            "details": details}})
    }
}

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        Self(failed)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, self.0.headers(), Json(self.body())).into_response()
    }
}

/// Google's word for an HTTP status (`google.rpc.Code`).
fn rpc_status(status: u16) -> &'static str {
    match status {
        400 | 413 | 422 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        502 | 503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::relay::Refusal;

    #[test]
    fn a_wait_is_told_as_google_tells_it() {
        let failed = Failed::from_refusal(&Refusal::Busy { opens: Moment(12_400) }, Moment(0));
        insta::assert_json_snapshot!(Refused(failed).body(), @r#"
        {
          "error": {
            "code": 429,
            "message": "Every project in the pool is at its limit for this model. Try again in 13 s.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
              {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "domain": "pollux",
                "reason": "RATE_LIMIT_EXCEEDED"
              },
              {
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": "13s"
              }
            ]
          }
        }
        "#);
    }
}
