//! One frame of a stream, read: an answer or an error that came in-stream (`wire.md` §7.1).

use serde_json::{Map, Value};

use super::outcome::Outcome;
use super::response::GenerateContentResponse;

/// What one frame says.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, taken apart at once: a box would only cost")]
pub enum Event {
    /// A piece of the answer.
    Response(GenerateContentResponse),
    /// An error inside a body of status 200.
    Error(Outcome),
}

/// The frame is not JSON, or not of the expected shape: normally a stream cut in the middle.
#[derive(Debug, thiserror::Error)]
#[error("an event of the upstream stream cannot be read")]
pub struct UnreadableEvent(#[from] serde_json::Error);

/// Reads one frame. `{"error":…}` and `[{"error":…}]` become an [`Outcome`], also without a `code`.
pub fn parse_event(frame: impl AsRef<[u8]>) -> Result<Event, UnreadableEvent> {
    let frame = frame.as_ref();
    let response = if frame.trim_ascii_start().starts_with(b"[") {
        let events: Vec<GenerateContentResponse> = serde_json::from_slice(frame)?;
        events.into_iter().next().unwrap_or_default()
    } else {
        serde_json::from_slice(frame)?
    };
    Ok(sort(response))
}

fn sort(mut response: GenerateContentResponse) -> Event {
    match response.extra.shift_remove("error") {
        None | Some(Value::Null) => Event::Response(response),
        Some(error) => Event::Error(Outcome::from_error_value(&Value::Object(Map::from_iter([(
            "error".to_owned(),
            error,
        )])))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gemini::outcome::Cause;

    fn outcome(frame: &str) -> Outcome {
        match parse_event(frame).unwrap() {
            Event::Error(outcome) => outcome,
            Event::Response(response) => panic!("{response:?}"),
        }
    }

    #[test]
    fn answers_are_answers() {
        let Event::Response(response) =
            parse_event(r#"{"candidates":[{"content":{"parts":[{"text":"hi"}]}}],"error":null}"#).unwrap()
        else {
            panic!()
        };
        assert_eq!(response.candidates()[0].parts()[0].text.as_deref(), Some("hi"));
        assert_eq!(parse_event("[]").unwrap(), Event::Response(GenerateContentResponse::default()));
        assert!(matches!(parse_event(b" [{\"responseId\":\"x\"}]").unwrap(), Event::Response(_)));
    }

    #[test]
    fn errors_are_outcomes_with_or_without_a_code() {
        for (frame, status, cause) in [
            (
                r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#,
                503,
                Cause::Overloaded,
            ),
            (r#"{"error":{"message":"overloaded","status":"UNAVAILABLE"}}"#, 503, Cause::Overloaded),
            (r#"[{"error":{"message":"x","status":"INTERNAL"}}]"#, 500, Cause::Internal),
            (r#"{"error":{"status":"DEADLINE_EXCEEDED"}}"#, 504, Cause::DeadlineExceeded),
            (r#"{"error":{"code":"rate_limit_exceeded"}}"#, 429, Cause::Throttled { retry_delay: None }),
            (r#"{"error":"broken"}"#, 500, Cause::Internal),
            (
                r#"{"candidates":[],"error":{"code":14,"status":"UNAVAILABLE","message":"m"}}"#,
                503,
                Cause::Overloaded,
            ),
        ] {
            let outcome = outcome(frame);
            assert_eq!((outcome.status, outcome.cause), (status, cause), "{frame}");
        }
    }

    #[test]
    fn half_an_event_is_unreadable() {
        for frame in
            ["", "{\"candidates\":[{\"cont", "[{\"error\":", "[DONE]", "\"text\"", "{\"candidates\":7}"]
        {
            assert!(parse_event(frame).is_err(), "{frame}");
        }
    }
}
