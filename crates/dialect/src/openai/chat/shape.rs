//! The shapes that a whole answer and the chunks of a streamed one have in common.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Vendor fields in the place Google's own OpenAI endpoint uses (`wire.md` §4.6, `gemini-2026-11.md` §4.5).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct ExtraContent<T> {
    pub(in crate::openai) google: T,
}

/// Loose vendor fields: grounding, safety, executed code.
pub(in crate::openai) type Extras = ExtraContent<Map<String, Value>>;

impl Extras {
    /// `None` when there is nothing to say, so that the key is left out.
    pub(in crate::openai) fn unless_empty(google: Map<String, Value>) -> Option<Self> {
        (!google.is_empty()).then_some(Self { google })
    }
}

/// The signature of one part, beside what the part became.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct Signed {
    pub(in crate::openai) thought_signature: String,
}

impl Signed {
    pub(in crate::openai) fn maybe(signature: Option<&String>) -> Option<ExtraContent<Self>> {
        let thought_signature = signature.filter(|text| !text.is_empty())?.clone();
        Some(ExtraContent { google: Self { thought_signature } })
    }
}

/// A function and its arguments as JSON text. Also the legacy `function_call`, which carries its signature
/// itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct Function {
    pub(in crate::openai) name: String,
    pub(in crate::openai) arguments: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) extra_content: Option<ExtraContent<Signed>>,
}

/// A call of a freeform tool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct Custom {
    pub(in crate::openai) name: String,
    pub(in crate::openai) input: String,
}

/// An entry of `tool_calls`; `index` only in streams.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct ToolCall {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) index: Option<usize>,
    pub(in crate::openai) id: String,
    pub(in crate::openai) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) function: Option<Function>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) custom: Option<Custom>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) extra_content: Option<ExtraContent<Signed>>,
}

/// An entry of `images`, in the shape OpenRouter's clients read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's own")]
pub(in crate::openai) struct Image {
    pub(in crate::openai) r#type: &'static str,
    /// Accumulators refuse lists of objects without it (`gemini-2026-11.md` §5.4).
    pub(in crate::openai) index: usize,
    pub(in crate::openai) image_url: ImageUrl,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) extra_content: Option<ExtraContent<Signed>>,
}

/// Where an image is: a data URL.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct ImageUrl {
    pub(in crate::openai) url: String,
}

/// Spoken output. In a stream everything but `data` is said once, for accumulators concatenate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct Audio {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) id: Option<String>,
    pub(in crate::openai) data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) transcript: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) expires_at: Option<i64>,
    /// Not OpenAI's: Gemini chooses the encoding, `audio/L16;rate=24000` as a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) mime_type: Option<String>,
}

/// A source of a passage of `content`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct Annotation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) index: Option<usize>,
    pub(in crate::openai) r#type: &'static str,
    pub(in crate::openai) url_citation: UrlCitation,
}

/// Character offsets into `content`; all four keys are required by clients.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct UrlCitation {
    pub(in crate::openai) start_index: usize,
    pub(in crate::openai) end_index: usize,
    pub(in crate::openai) url: String,
    pub(in crate::openai) title: String,
}

/// `choices[].logprobs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(in crate::openai) struct Logprobs {
    pub(in crate::openai) content: Vec<TokenLogprob>,
    #[serde(serialize_with = "null")]
    pub(in crate::openai) refusal: (),
}

/// The chosen token and its rivals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::openai) struct TokenLogprob {
    #[serde(flatten)]
    pub(in crate::openai) chosen: Logprob,
    pub(in crate::openai) top_logprobs: Vec<Logprob>,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's own")]
pub(in crate::openai) struct Logprob {
    pub(in crate::openai) token: String,
    pub(in crate::openai) logprob: f64,
    pub(in crate::openai) bytes: Vec<u8>,
}

/// A key that is always there and always `null`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
pub(in crate::openai) fn null<S: Serializer>(_: &(), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

/// Base64 in the standard alphabet, which data URLs need; Google may answer in the url-safe one.
pub(in crate::openai) fn standard_base64(data: &str) -> Cow<'_, str> {
    if data.bytes().any(|byte| matches!(byte, b'-' | b'_')) {
        Cow::Owned(data.replace('-', "+").replace('_', "/"))
    } else {
        Cow::Borrowed(data)
    }
}
