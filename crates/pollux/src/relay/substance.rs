//! Is there anything in an answer that a client could use? The commit point hangs on it.

use dialect::gemini::content::Part;
use dialect::gemini::outcome::{Cause, Outcome, Repair};
use dialect::gemini::response::{Candidate, FinishReason, GenerateContentResponse};

use super::failure::Failure;

/// The short name of an answer that ended as it should and says nothing.
pub(super) const EMPTY: &str = "empty";

/// Does the event carry anything that goes to the client?
pub(super) fn has_content(event: &GenerateContentResponse) -> bool {
    event.block_reason().is_some()
        || event.candidates().iter().any(|candidate| candidate.parts().iter().any(says_something))
}

fn says_something(part: &Part) -> bool {
    let Part {
        text,
        inline_data,
        file_data,
        function_call,
        function_response,
        executable_code,
        code_execution_result,
        thought: _,
        thought_signature: _,
        extra: _,
    } = part;
    text.as_ref().is_some_and(|text| !text.is_empty())
        || inline_data.is_some()
        || file_data.is_some()
        || function_call.is_some()
        || function_response.is_some()
        || executable_code.is_some()
        || code_execution_result.is_some()
}

/// Judges an answer that ended without content. `Ok` when there is nothing wrong with that.
///
/// # Errors
/// When another attempt may do better (`wire.md` §6.3, §6.4).
pub(super) fn judge_empty(events: &[GenerateContentResponse]) -> Result<(), Failure> {
    let mut finishes =
        events.iter().flat_map(GenerateContentResponse::candidates).filter_map(Candidate::finish);
    match finishes.next_back() {
        None => Err(Failure::BadAnswer("truncated")),
        Some(reason) => judge_finish(reason),
    }
}

/// What a finish reason means when nothing came before it.
pub(super) fn judge_finish(reason: FinishReason) -> Result<(), Failure> {
    match reason {
        FinishReason::Stop | FinishReason::Unknown => Err(Failure::BadAnswer(EMPTY)),
        FinishReason::MalformedFunctionCall => Err(Failure::BadAnswer("malformed_function_call")),
        FinishReason::UnexpectedToolCall => Err(Failure::BadAnswer("unexpected_tool_call")),
        FinishReason::MalformedResponse => Err(Failure::BadAnswer("malformed_response")),
        FinishReason::TooManyToolCalls => Err(Failure::BadAnswer("too_many_tool_calls")),
        FinishReason::MissingThoughtSignature => {
            let repair = Some(Repair::AddSentinels);
            Err(in_band(Cause::InvalidRequest { repair }, "A function call lacks its thought signature."))
        }
        FinishReason::PupLimitedDisabled => {
            Err(in_band(Cause::AccountLimited, "The account is limited under Google's use policy."))
        }
        FinishReason::MaxTokens
        | FinishReason::Continuation
        | FinishReason::Safety
        | FinishReason::Blocklist
        | FinishReason::ProhibitedContent
        | FinishReason::Spii
        | FinishReason::Recitation
        | FinishReason::Language
        | FinishReason::ImageSafety
        | FinishReason::ImageProhibitedContent
        | FinishReason::ImageRecitation
        | FinishReason::ImageOther
        | FinishReason::NoImage
        | FinishReason::ModelArmor
        | FinishReason::Escalation
        | FinishReason::Other => Ok(()),
    }
}

/// A failure that came as a finish reason inside a 200.
fn in_band(cause: Cause, message: &str) -> Failure {
    let message = message.to_owned();
    Failure::InBand(Box::new(Outcome { cause, status: 200, rpc_status: None, message, consumer: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> GenerateContentResponse {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_counts_as_content() {
        let cases = [
            (r#"{"usageMetadata":{"promptTokenCount":3}}"#, false),
            (r#"{"candidates":[{"content":{"role":"model"}}]}"#, false),
            (r#"{"candidates":[{"content":{"parts":[{"text":""}]}}]}"#, false),
            (r#"{"candidates":[{"finishReason":"STOP"}]}"#, false),
            (r#"{"candidates":[{"content":{"parts":[{"text":"a","thought":true}]}}]}"#, true),
            (r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]}"#, true),
            (r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, true),
        ];
        for (json, expected) in cases {
            assert_eq!(has_content(&event(json)), expected, "{json}");
        }
    }

    #[test]
    fn an_empty_stop_is_worth_another_attempt_and_used_up_tokens_are_not() {
        let stop = event(r#"{"candidates":[{"finishReason":"STOP"}]}"#);
        assert!(matches!(judge_empty(&[stop]), Err(Failure::BadAnswer(EMPTY))));
        let length = event(r#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#);
        assert!(judge_empty(&[length]).is_ok());
        assert!(matches!(judge_empty(&[]), Err(Failure::BadAnswer("truncated"))));
    }
}
