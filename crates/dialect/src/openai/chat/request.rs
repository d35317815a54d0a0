//! What an OpenAI client sends to Chat Completions, read leniently (`wire.md` §4, `gemini-2026-11.md` §5.3).
//!
//! Unknown and null fields are no error; a known field of the wrong type is one, with its path. What a field
//! *means* for a given model is decided in [`super::translate`].

mod assistant;
pub(crate) mod carriers;
pub(crate) mod fields;
pub(crate) mod markdown;
pub(crate) mod media;
pub(crate) mod messages;
mod mime;
pub(crate) mod options;
pub(crate) mod reasoning;
pub(crate) mod tools;

#[cfg(test)]
mod tests;

use serde_json::Value;

use self::fields::Fields;
use self::messages::Message;
use self::options::{Format, Google, Scalars};
use self::reasoning::Reasoning;
use self::tools::Tooling;
use crate::openai::error::ApiError;

pub(crate) use self::assistant::{Assistant, Call};

/// A Chat Completions request, checked for shape.
#[derive(Clone, Debug)]
pub struct ChatRequest {
    pub(crate) model: Option<String>,
    pub(crate) messages: Vec<Message>,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    pub(crate) scalars: Scalars,
    pub(crate) tooling: Tooling,
    pub(crate) format: Format,
    pub(crate) reasoning: Reasoning,
    pub(crate) google: Google,
    /// Fields that were given and have no counterpart in Gemini.
    pub(crate) idle: Vec<String>,
}

impl ChatRequest {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        Self::read(json(body)?)
    }

    /// Reads it from JSON, which may come from another surface's words.
    pub(crate) fn read(body: Value) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", body)?;
        // Some clients send literally what the SDK's `extra_body` should have merged (`wire.md` §4.3).
        fields.absorb("extra_body");
        let mut google = fields.object("google")?;
        let (stream, include_usage, mut idle) = delivery(&mut fields)?;
        let request = Self {
            model: fields.string("model")?.filter(|model| !model.trim().is_empty()),
            messages: messages::read(&mut fields)?,
            stream,
            include_usage,
            tooling: Tooling::read(&mut fields)?,
            format: Format::read(&mut fields)?,
            reasoning: Reasoning::read(&mut fields, google.as_mut())?,
            google: Google::read(&mut fields, google.as_mut())?,
            scalars: Scalars::read(&mut fields)?,
            idle: Vec::new(),
        };
        idle.extend(fields.rest());
        idle.extend(google.iter().flat_map(|google| google.rest().collect::<Vec<_>>()));
        Ok(Self { idle, ..request })
    }

    /// The model as the client named it.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The model, or the error that it is missing.
    pub fn require_model(&self) -> Result<&str, ApiError> {
        self.model().ok_or_else(|| ApiError::missing("model", "Name one; GET /v1/models lists them."))
    }

    /// Fills in the model where the client named none.
    pub fn default_model(&mut self, model: &str) {
        self.model.get_or_insert_with(|| model.to_owned());
    }

    /// Says under which name the answer goes: the model's own, where the client used another.
    pub fn answer_as(&mut self, model: &str) {
        self.model = Some(model.to_owned());
    }

    /// Whether the answer is to be streamed.
    pub fn stream(&self) -> bool {
        self.stream
    }

    /// Whether a stream ends with a usage chunk.
    pub fn include_usage(&self) -> bool {
        self.include_usage
    }

    /// How many answers are wanted.
    pub fn n(&self) -> u32 {
        self.scalars.n
    }

    /// The ids of all tool calls in the history, to look up what is remembered of them.
    pub fn call_ids(&self) -> Vec<&str> {
        let calls = self.messages.iter().filter_map(|message| match message {
            Message::Assistant(assistant) => Some(&assistant.calls),
            Message::System(_) | Message::User(_) | Message::Tool(_) => None,
        });
        calls.flatten().map(|call| call.id.as_str()).filter(|id| !id.is_empty()).collect()
    }
}

/// The body as JSON, or where it stops being JSON.
pub(crate) fn json(body: &[u8]) -> Result<Value, ApiError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    if body.is_empty() {
        return Err(ApiError::body("The body is empty; expected a JSON object with `model` and `messages`."));
    }
    serde_json::from_slice(body).map_err(|error| {
        let reason = error.to_string();
        if reason.starts_with("recursion limit") {
            return ApiError::body(format!(
                "The body is nested deeper than 128 levels (line {}, column {}); flatten it.",
                error.line(),
                error.column()
            ));
        }
        ApiError::body(format!("The body is not valid JSON: {reason}."))
    })
}

/// `stream` and `stream_options`: whether to stream, whether to report usage, what has no effect.
fn delivery(fields: &mut Fields) -> Result<(bool, bool, Vec<String>), ApiError> {
    let stream = fields.boolean("stream")?.unwrap_or(false);
    let Some(mut options) = fields.object("stream_options")? else { return Ok((stream, false, Vec::new())) };
    let include_usage = options.boolean("include_usage")?.unwrap_or(false);
    Ok((stream, include_usage, options.rest().collect()))
}
