//! Why an answer ended, in OpenAI's five words (`wire.md` §6.3).

use crate::gemini::response::FinishReason;

/// What a choice has produced, as far as the reason depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Produced {
    pub(crate) calls: bool,
    pub(crate) content: bool,
}

/// OpenAI's word. A missing reason reads as a normal end: whether the stream was cut is for the relay to
/// judge.
pub(crate) fn finish_reason(reason: Option<FinishReason>, produced: Produced) -> &'static str {
    use FinishReason as R;
    let Some(reason) = reason else { return ended(produced) };
    match reason {
        // Arguments are whole even here, so the calls stay; OpenAI reports `length` too.
        R::MaxTokens | R::Continuation => "length",
        R::Safety
        | R::Blocklist
        | R::ProhibitedContent
        | R::Spii
        | R::Recitation
        | R::Language
        | R::ImageSafety
        | R::ImageProhibitedContent
        | R::ImageRecitation
        | R::ModelArmor
        | R::Escalation => "content_filter",
        R::ImageOther | R::NoImage | R::Other if produced == Produced::default() => "content_filter",
        R::Stop
        | R::Unknown
        // The relay retries these while nothing was sent; what is left is the end of what there is.
        | R::MalformedFunctionCall
        | R::UnexpectedToolCall
        | R::MalformedResponse
        | R::TooManyToolCalls
        | R::MissingThoughtSignature
        | R::PupLimitedDisabled
        // These only count when nothing came of it, as above.
        | R::ImageOther
        | R::NoImage
        | R::Other => ended(produced),
    }
}

fn ended(produced: Produced) -> &'static str {
    if produced.calls { "tool_calls" } else { "stop" }
}

/// Does the reason say more than OpenAI's word does? Then it is passed on beside it.
pub(crate) fn is_telling(reason: FinishReason) -> bool {
    !matches!(reason, FinishReason::Stop | FinishReason::MaxTokens | FinishReason::Continuation)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOTHING: Produced = Produced { calls: false, content: false };
    const TEXT: Produced = Produced { calls: false, content: true };
    const CALLS: Produced = Produced { calls: true, content: false };

    #[test]
    fn every_reason_of_the_table() {
        let table = [
            ("STOP", "stop", "stop", "tool_calls"),
            ("MAX_TOKENS", "length", "length", "length"),
            ("CONTINUATION", "length", "length", "length"),
            ("SAFETY", "content_filter", "content_filter", "content_filter"),
            ("BLOCKLIST", "content_filter", "content_filter", "content_filter"),
            ("PROHIBITED_CONTENT", "content_filter", "content_filter", "content_filter"),
            ("SPII", "content_filter", "content_filter", "content_filter"),
            ("RECITATION", "content_filter", "content_filter", "content_filter"),
            ("LANGUAGE", "content_filter", "content_filter", "content_filter"),
            ("IMAGE_SAFETY", "content_filter", "content_filter", "content_filter"),
            ("IMAGE_PROHIBITED_CONTENT", "content_filter", "content_filter", "content_filter"),
            ("IMAGE_RECITATION", "content_filter", "content_filter", "content_filter"),
            ("MODEL_ARMOR", "content_filter", "content_filter", "content_filter"),
            ("ESCALATION", "content_filter", "content_filter", "content_filter"),
            ("IMAGE_OTHER", "content_filter", "stop", "tool_calls"),
            ("NO_IMAGE", "content_filter", "stop", "tool_calls"),
            ("OTHER", "content_filter", "stop", "tool_calls"),
            ("MALFORMED_FUNCTION_CALL", "stop", "stop", "tool_calls"),
            ("UNEXPECTED_TOOL_CALL", "stop", "stop", "tool_calls"),
            ("MALFORMED_RESPONSE", "stop", "stop", "tool_calls"),
            ("TOO_MANY_TOOL_CALLS", "stop", "stop", "tool_calls"),
            ("MISSING_THOUGHT_SIGNATURE", "stop", "stop", "tool_calls"),
            ("PUP_LIMITED_DISABLED", "stop", "stop", "tool_calls"),
            ("A_REASON_OF_NEXT_YEAR", "stop", "stop", "tool_calls"),
            ("FINISH_REASON_UNSPECIFIED", "stop", "stop", "tool_calls"),
        ];
        for (name, nothing, text, calls) in table {
            let reason = FinishReason::from_wire(&json!(name));
            let ours = [NOTHING, TEXT, CALLS].map(|produced| finish_reason(reason, produced));
            assert_eq!(ours, [nothing, text, calls], "{name}");
        }
    }
}
