//! The answer of `generateContent`, and each event of `streamGenerateContent`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content::{Content, Extra, Part};
use super::usage::UsageMetadata;

/// An answer, or one event of a streamed one (`wire.md` §2.5). Everything is optional in practice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerateContentResponse {
    /// The answers; absent when the prompt was blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<Candidate>>,
    /// Why the prompt was blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_feedback: Option<PromptFeedback>,
    /// Tokens so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_metadata: Option<UsageMetadata>,
    /// The model that really answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// Google's id of the answer, the same in every event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// What we do not know: `modelStatus`, …
    #[serde(flatten)]
    pub extra: Extra,
}

impl GenerateContentResponse {
    /// The candidates, none if the field is missing.
    pub fn candidates(&self) -> &[Candidate] {
        self.candidates.as_deref().unwrap_or_default()
    }

    /// The reason the prompt was blocked, unless it is missing or `BLOCK_REASON_UNSPECIFIED`/`BLOCKED_REASON_UNSPECIFIED`.
    pub fn block_reason(&self) -> Option<&str> {
        let reason = self.prompt_feedback.as_ref()?.block_reason.as_deref()?;
        (!reason.ends_with("_UNSPECIFIED")).then_some(reason)
    }
}

/// Why the prompt was blocked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromptFeedback {
    /// An open enumeration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_reason: Option<String>,
    /// `blockReasonMessage`, `safetyRatings`, …
    #[serde(flatten)]
    pub extra: Extra,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The parts; in a stream, what is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// An open enumeration; a number under `enum-encoding=int`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<Value>,
    /// Prose to the reason; normal even with `STOP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_message: Option<String>,
    /// Omitted when 0 in some answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Search results and what they support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounding_metadata: Option<Value>,
    /// Passages recited from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation_metadata: Option<Value>,
    /// Pages fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_context_metadata: Option<Value>,
    /// Token probabilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs_result: Option<Value>,
    /// Safety scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety_ratings: Option<Value>,
    /// Resumes a long decode (`wire.md` §6.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation_token: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Candidate {
    /// The parts, none if there is no content.
    pub fn parts(&self) -> &[Part] {
        self.content.as_ref().map(Content::parts).unwrap_or_default()
    }

    /// The finish reason, unless it is missing or unspecified.
    pub fn finish(&self) -> Option<FinishReason> {
        self.finish_reason.as_ref().and_then(FinishReason::from_wire)
    }
}

/// Why an answer ended (`wire.md` §2.5, `gemini-2026-11.md` §1.2). What we do not know is `Unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Google's own and explain themselves")]
pub enum FinishReason {
    Stop,
    MaxTokens,
    Continuation,
    Safety,
    Blocklist,
    ProhibitedContent,
    Spii,
    Recitation,
    Language,
    ImageSafety,
    ImageProhibitedContent,
    ImageRecitation,
    ImageOther,
    NoImage,
    ModelArmor,
    Escalation,
    Other,
    MalformedFunctionCall,
    UnexpectedToolCall,
    MalformedResponse,
    TooManyToolCalls,
    MissingThoughtSignature,
    PupLimitedDisabled,
    Unknown,
}

impl FinishReason {
    /// Reads the wire value: a name, or a number under `enum-encoding=int` (1 is `STOP`, 2 `MAX_TOKENS`, …).
    /// `None` for an unspecified reason.
    pub fn from_wire(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) => Self::from_name(name),
            Value::Number(number) => match number.as_u64() {
                Some(0) => None,
                Some(1) => Some(Self::Stop),
                Some(2) => Some(Self::MaxTokens),
                Some(3) => Some(Self::Safety),
                Some(4) => Some(Self::Recitation),
                Some(5) => Some(Self::Other),
                _ => Some(Self::Unknown),
            },
            _ => None,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "" | "FINISH_REASON_UNSPECIFIED" => return None,
            "STOP" => Self::Stop,
            "MAX_TOKENS" => Self::MaxTokens,
            "CONTINUATION" => Self::Continuation,
            "SAFETY" => Self::Safety,
            "BLOCKLIST" => Self::Blocklist,
            "PROHIBITED_CONTENT" => Self::ProhibitedContent,
            "SPII" => Self::Spii,
            "RECITATION" => Self::Recitation,
            "LANGUAGE" => Self::Language,
            "IMAGE_SAFETY" => Self::ImageSafety,
            "IMAGE_PROHIBITED_CONTENT" => Self::ImageProhibitedContent,
            "IMAGE_RECITATION" => Self::ImageRecitation,
            "IMAGE_OTHER" => Self::ImageOther,
            "NO_IMAGE" => Self::NoImage,
            "MODEL_ARMOR" => Self::ModelArmor,
            "ESCALATION" => Self::Escalation,
            "OTHER" => Self::Other,
            "MALFORMED_FUNCTION_CALL" => Self::MalformedFunctionCall,
            "UNEXPECTED_TOOL_CALL" => Self::UnexpectedToolCall,
            "MALFORMED_RESPONSE" => Self::MalformedResponse,
            "TOO_MANY_TOOL_CALLS" => Self::TooManyToolCalls,
            "MISSING_THOUGHT_SIGNATURE" => Self::MissingThoughtSignature,
            "PUP_LIMITED_DISABLED" => Self::PupLimitedDisabled,
            _ => Self::Unknown,
        })
    }
}
