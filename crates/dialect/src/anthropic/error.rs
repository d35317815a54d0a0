//! The error envelope of Anthropic's API (`wire.md` §12).

use serde_json::{Value, json};

/// Anthropic's word for a status.
pub fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// The envelope. `message` is safe to show; `request_id` is what the log knows the request by.
pub fn envelope(status: u16, message: &str, request_id: Option<&str>) -> Value {
    json!({ "type": "error", "error": { "type": kind(status), "message": message }, "request_id": request_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_word() {
        for (status, word) in [
            (400, "invalid_request_error"),
            (409, "invalid_request_error"),
            (413, "request_too_large"),
            (500, "api_error"),
            (503, "api_error"),
            (529, "overloaded_error"),
        ] {
            assert_eq!(kind(status), word, "{status}");
        }
        insta::assert_snapshot!(envelope(404, "No such model.", Some("req_1")), @r#"{"type":"error","error":{"type":"not_found_error","message":"No such model."},"request_id":"req_1"}"#);
    }
}
