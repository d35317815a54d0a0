//! Contents and parts, shared by requests and responses.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lenient::one_or_many;

/// Fields that this version does not know; they survive a round trip.
pub type Extra = Map<String, Value>;

/// One turn: who spoke, and the parts of what was said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// The parts, in order; Google leaves the field out when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub parts: Option<Vec<Part>>,
    /// `user` or `model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Content {
    /// A turn of the given role.
    pub fn new(role: &str, parts: Vec<Part>) -> Self {
        Self { parts: Some(parts), role: Some(role.to_owned()), extra: Extra::new() }
    }

    /// A turn of the user.
    pub fn user(parts: Vec<Part>) -> Self {
        Self::new("user", parts)
    }

    /// A turn of the model.
    pub fn model(parts: Vec<Part>) -> Self {
        Self::new("model", parts)
    }

    /// The parts, none if the field is missing.
    pub fn parts(&self) -> &[Part] {
        self.parts.as_deref().unwrap_or_default()
    }
}

/// One part of a turn. In practice exactly one of the data fields is set, but nothing enforces it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Text; a thought summary when `thought` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Marks a thought summary (or a draft image).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thought: Option<bool>,
    /// Opaque base64; has to come back on exactly this part (`wire.md` §4.6).
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "thought_signature")]
    pub thought_signature: Option<String>,
    /// Media inside the request or response.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "inline_data")]
    pub inline_data: Option<Blob>,
    /// Media by reference.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "file_data")]
    pub file_data: Option<FileData>,
    /// The model asks for a function to be called.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "function_call")]
    pub function_call: Option<FunctionCall>,
    /// The result of a function.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "function_response")]
    pub function_response: Option<FunctionResponse>,
    /// Code the model runs itself.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "executable_code")]
    pub executable_code: Option<ExecutableCode>,
    /// What that code printed.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "code_execution_result")]
    pub code_execution_result: Option<CodeExecutionResult>,
    /// What we do not know: `toolCall`, `toolResponse`, `videoMetadata`, `mediaResolution`, …
    #[serde(flatten)]
    pub extra: Extra,
}

impl Part {
    /// A plain text part.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// Media inside the request; `data` is base64.
    pub fn inline(mime_type: impl Into<String>, data: impl Into<String>) -> Self {
        let blob = Blob { mime_type: Some(mime_type.into()), data: Some(data.into()), extra: Extra::new() };
        Self { inline_data: Some(blob), ..Self::default() }
    }

    /// Is this a thought summary or a draft?
    pub fn is_thought(&self) -> bool {
        self.thought == Some(true)
    }

    /// Is it text, or a piece of thought, and nothing besides? Such parts go on from event to event.
    pub(crate) fn is_plain_text(&self) -> bool {
        let Self {
            text: Some(_),
            thought: _,
            thought_signature: None,
            inline_data: None,
            file_data: None,
            function_call: None,
            function_response: None,
            executable_code: None,
            code_execution_result: None,
            extra,
        } = self
        else {
            return false;
        };
        extra.is_empty()
    }
}

/// Media as base64, standard or url-safe alphabet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blob {
    /// The media type.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "mime_type")]
    pub mime_type: Option<String>,
    /// The bytes as base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Media by reference: a Files API URI, a YouTube URL, `gs://` or public HTTPS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileData {
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "file_uri")]
    pub file_uri: Option<String>,
    /// The media type, optional for Files API URIs.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "mime_type")]
    pub mime_type: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A function the model wants called. On the Developer API arguments always arrive whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionCall {
    /// The call's id; Gemini 3 and newer set it and want it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The function's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The arguments; absent for functions without any. Normally an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Value>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The result of a function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionResponse {
    /// The id of the call it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The function's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An object; the keys `output` and `error` mean something to the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// Media that belong to the result (Gemini 3 and newer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<Part>>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Code the model runs in Google's sandbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutableCode {
    /// `PYTHON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Value>,
    /// The source text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What the code printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeExecutionResult {
    /// `OUTCOME_OK`, `OUTCOME_FAILED` or `OUTCOME_DEADLINE_EXCEEDED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Value>,
    /// What the code printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}
