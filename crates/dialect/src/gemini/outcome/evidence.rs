//! What an error body says, whatever shape it comes in (`wire.md` §9).

use serde_json::Value;

/// A body that is no error object is kept this long as a message.
const RAW_MESSAGE: usize = 2_000;

/// The facts that classification looks at.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// The status that decides: the body's own code where it has one, else what HTTP said.
    pub(super) status: u16,
    /// `INVALID_ARGUMENT`, …
    pub(super) rpc_status: Option<String>,
    /// Google's message; the start of the body where there is no error object.
    pub(super) message: String,
    /// `ErrorInfo.reason`.
    pub(super) reason: Option<String>,
    /// The project number in `metadata.consumer`.
    pub(super) consumer: Option<String>,
    /// Every detail.
    pub(super) details: Vec<Value>,
    /// A page for people.
    pub(super) is_html: bool,
    /// An error object was found.
    pub(super) is_structured: bool,
    /// Message and reason in lower case, to look for phrases.
    pub(super) text: String,
}

impl Evidence {
    /// Reads a body: an object, a one-element array, a page, half an object, nothing.
    pub(super) fn from_body(status: u16, content_type: Option<&str>, body: &[u8]) -> Self {
        if let Some(found) =
            serde_json::from_slice(body).ok().and_then(|value| Self::from_value(&value, status))
        {
            return found;
        }
        let body = String::from_utf8_lossy(body.get(..body.len().min(64 * RAW_MESSAGE)).unwrap_or_default());
        let body = body.trim();
        let is_html = body.starts_with('<') || content_type.is_some_and(|kind| kind.contains("html"));
        let message = if is_html { title(body) } else { body };
        Self {
            status,
            message: message.chars().take(RAW_MESSAGE).collect(),
            is_html,
            text: body.to_lowercase(),
            ..Self::default()
        }
    }

    /// Reads `{"error":…}`, `[{"error":…}]` or the error object itself. `status` stands in for a missing code.
    pub(super) fn from_value(value: &Value, status: u16) -> Option<Self> {
        let value = value.as_array().map_or(Some(value), |elements| elements.first())?;
        match value.get("error").unwrap_or(value) {
            Value::String(message) => Some(Self::with_message(status, message)),
            Value::Object(error) => Some(Self::from_error(&Value::Object(error.clone()), status)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        }
    }

    fn with_message(status: u16, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
            is_structured: true,
            text: message.to_lowercase(),
            ..Self::default()
        }
    }

    fn from_error(error: &Value, status: u16) -> Self {
        let text = |key: &str| error.get(key).and_then(Value::as_str);
        // The Interactions API puts a name where the others put a number.
        let name = text("status").or_else(|| text("code"));
        let code = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        let details = error.get("details").and_then(Value::as_array).cloned().unwrap_or_default();
        let detail = |key: &str| details.iter().find_map(|detail| detail.get(key));
        let reason = detail("reason").and_then(Value::as_str).map(str::to_owned);
        let consumer =
            detail("metadata").and_then(|metadata| metadata.get("consumer")).and_then(Value::as_str);
        let mut found = Self::with_message(status, text("message").unwrap_or_default());
        found.status = code
            .filter(|code| (400..600).contains(code))
            .or_else(|| name.and_then(http_status))
            .unwrap_or(status);
        found.rpc_status = text("status").map(str::to_owned);
        found.consumer = consumer.map(|name| name.trim_start_matches("projects/").to_owned());
        if let Some(reason) = &reason {
            found.text = format!("{} {}", found.text, reason.to_lowercase());
        }
        Self { reason, details, ..found }
    }

    /// Does message or reason contain the phrase, whatever the case?
    pub(super) fn says(&self, phrase: &str) -> bool {
        self.text.contains(phrase)
    }

    /// Does it contain one of the phrases?
    pub(super) fn says_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.says(phrase))
    }
}

/// The HTTP status of an RPC status name; also the lower-case names of the Interactions API.
fn http_status(name: &str) -> Option<u16> {
    Some(match name.to_ascii_uppercase().as_str() {
        "INVALID_ARGUMENT" | "INVALID_REQUEST" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => 400,
        "UNAUTHENTICATED" | "AUTHENTICATION_ERROR" => 401,
        "PERMISSION_DENIED" => 403,
        "NOT_FOUND" => 404,
        "ABORTED" | "ALREADY_EXISTS" => 409,
        "RESOURCE_EXHAUSTED" | "RATE_LIMIT_EXCEEDED" | "TOO_MANY_REQUESTS" => 429,
        "CANCELLED" => 499,
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" | "SERVER_ERROR" | "API_ERROR" => 500,
        "UNIMPLEMENTED" => 501,
        "UNAVAILABLE" | "OVERLOADED" => 503,
        "DEADLINE_EXCEEDED" => 504,
        _ => return None,
    })
}

/// The title of a page: the rest is markup.
fn title(page: &str) -> &str {
    let text =
        page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
    text.unwrap_or_default().trim()
}
