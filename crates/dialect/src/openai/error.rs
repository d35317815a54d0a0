//! The error envelope of OpenAI's API (`wire.md` §10).

use serde::{Deserialize, Serialize};

/// A refusal in OpenAI's words. `status` is HTTP's; the rest goes into `{"error": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// `invalid_request_error`, `rate_limit_error`, `server_error`, …
    pub kind: &'static str,
    /// `invalid_value`, `model_not_found`, …
    pub code: Option<&'static str>,
    /// The request field at fault, as a path: `messages[2].content[0].image_url`.
    pub param: Option<String>,
    /// What is wrong and what to do about it. Safe to show.
    pub message: String,
}

/// The envelope as it is on the wire.
#[derive(Debug, Serialize, Deserialize)]
pub struct Envelope<'a> {
    /// The error.
    #[serde(borrow)]
    pub error: Inner<'a>,
}

/// The inside of the envelope; all four keys are always present.
#[derive(Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are OpenAI's own")]
pub struct Inner<'a> {
    pub message: std::borrow::Cow<'a, str>,
    pub r#type: std::borrow::Cow<'a, str>,
    pub param: Option<std::borrow::Cow<'a, str>>,
    pub code: Option<std::borrow::Cow<'a, str>>,
}

impl ApiError {
    /// A 400 about a field of the request.
    pub fn invalid(code: &'static str, param: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            kind: "invalid_request_error",
            code: Some(code),
            param: Some(param.into()),
            message: message.into(),
        }
    }

    /// A 400 about the value of a field: the message starts with the field's path.
    pub fn value(param: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        let param = param.into();
        let message = format!("{param}: {reason}");
        Self::invalid("invalid_value", param, message)
    }

    /// A 400 about a field that has to be there and is not.
    pub fn missing(param: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        let param = param.into();
        let message = format!("{param}: missing. {reason}");
        Self::invalid("missing_required_parameter", param, message)
    }

    /// A 400 about a field that this model or gateway cannot honour.
    pub fn unsupported(param: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        let param = param.into();
        let message = format!("{param}: {reason}");
        Self::invalid("unsupported_parameter", param, message)
    }

    /// A 400 about the body as a whole.
    pub fn body(message: impl Into<String>) -> Self {
        let mut error = Self::invalid("invalid_value", "", message);
        error.param = None;
        error
    }

    /// The envelope as JSON text.
    pub fn to_json(&self) -> String {
        let inner = Inner {
            message: self.message.as_str().into(),
            r#type: self.kind.into(),
            param: self.param.as_deref().map(Into::into),
            code: self.code.map(Into::into),
        };
        serde_json::to_string(&Envelope { error: inner }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_always_has_four_keys() {
        let error = ApiError { code: None, ..ApiError::body("Not JSON.") };
        assert_eq!(error.status, 400);
        insta::assert_snapshot!(error.to_json(), @r#"{"error":{"message":"Not JSON.","type":"invalid_request_error","param":null,"code":null}}"#);
    }

    #[test]
    fn a_message_about_a_field_starts_with_its_path() {
        let error = ApiError::value("stop[1]", "expected a string");
        insta::assert_snapshot!(error.to_json(), @r#"{"error":{"message":"stop[1]: expected a string","type":"invalid_request_error","param":"stop[1]","code":"invalid_value"}}"#);
        assert_eq!(ApiError::body("x").param, None);
    }
}
