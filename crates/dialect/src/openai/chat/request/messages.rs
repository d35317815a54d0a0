//! `messages`: who said what (`wire.md` §4.1).

use serde_json::Value;

use super::assistant::Assistant;
use super::carriers;
use super::fields::{Fields, mistyped, numbered};
use super::media::{self, Media};
use crate::openai::error::ApiError;

/// One message.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// `system` or `developer`.
    System(Vec<String>),
    /// `user`.
    User(Spoken),
    /// `assistant`.
    Assistant(Box<Assistant>),
    /// `tool`, or the older `function`.
    Tool(ToolResult),
}

/// What a user said.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    /// The parts.
    pub(crate) pieces: Vec<Piece>,
    /// `name` was given; Gemini has no such field.
    pub(crate) named: bool,
}

/// What a tool answered.
#[derive(Clone, Debug)]
pub(crate) struct ToolResult {
    /// The call it answers, if told.
    pub(crate) id: Option<String>,
    /// The function, if told.
    pub(crate) name: Option<String>,
    /// The result.
    pub(crate) pieces: Vec<Piece>,
}

/// One part of a content.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Text, or a refusal.
    Text {
        /// The text.
        text: String,
        /// The signature that came back on it.
        signature: Option<String>,
    },
    /// Image, audio, video, document.
    Media(Media),
}

impl Piece {
    /// Plain text.
    pub(crate) fn text(text: String) -> Self {
        Self::Text { text, signature: None }
    }

    /// The media, if it is any.
    pub(super) fn media(&mut self) -> Option<&mut Media> {
        match self {
            Self::Text { .. } => None,
            Self::Media(media) => Some(media),
        }
    }
}

/// Reads `messages`.
pub(super) fn read(fields: &mut Fields) -> Result<Vec<Message>, ApiError> {
    let Some(list) = fields.list("messages")? else {
        return Err(ApiError::missing("messages", "Send at least one message."));
    };
    if list.is_empty() {
        return Err(ApiError::value("messages", "the list is empty; send at least one message."));
    }
    list.into_iter().map(|(path, value)| message(Fields::new(path, value)?)).collect()
}

fn message(mut fields: Fields) -> Result<Message, ApiError> {
    let Some(role) = fields.string("role")? else {
        return Err(ApiError::missing(fields.at("role"), ROLES));
    };
    match role.as_str() {
        "system" | "developer" => system(&mut fields).map(Message::System),
        "user" => user(&mut fields).map(Message::User),
        "assistant" => Assistant::read(&mut fields).map(|assistant| Message::Assistant(Box::new(assistant))),
        "tool" | "function" => result(&mut fields).map(Message::Tool),
        other => Err(ApiError::value(fields.at("role"), format!("unknown role {other:?}. {ROLES}"))),
    }
}

const ROLES: &str = "Use system, developer, user, assistant or tool.";

fn user(fields: &mut Fields) -> Result<Spoken, ApiError> {
    Ok(Spoken { pieces: unsigned(fields)?, named: fields.has("name") })
}

fn system(fields: &mut Fields) -> Result<Vec<String>, ApiError> {
    let path = fields.at("content");
    let mut texts = Vec::new();
    for piece in pieces(fields, "content")? {
        match piece {
            Piece::Text { text, .. } => texts.push(text),
            Piece::Media(_) => {
                return Err(ApiError::value(path, "system messages hold text only; send media as user."));
            }
        }
    }
    Ok(texts)
}

fn result(fields: &mut Fields) -> Result<ToolResult, ApiError> {
    let id = fields.string("tool_call_id")?.map(|id| carriers::split_id(id).0);
    Ok(ToolResult {
        id: id.filter(|id| !id.is_empty()),
        name: fields.string("name")?.filter(|name| !name.is_empty()),
        pieces: unsigned(fields)?,
    })
}

/// The content of somebody else than the model: signatures on it mean nothing.
fn unsigned(fields: &mut Fields) -> Result<Vec<Piece>, ApiError> {
    let mut pieces = pieces(fields, "content")?;
    for piece in &mut pieces {
        match piece {
            Piece::Text { signature, .. } | Piece::Media(Media { signature, .. }) => *signature = None,
        }
    }
    Ok(pieces)
}

/// Reads a content: a string, a list of parts, or nothing.
pub(super) fn pieces(fields: &mut Fields, name: &str) -> Result<Vec<Piece>, ApiError> {
    let path = fields.at(name);
    match fields.take(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Piece::text(text)]),
        Some(Value::Array(items)) => {
            let parts = numbered(&path, items).into_iter();
            parts.filter_map(|(path, value)| piece(path, value).transpose()).collect()
        }
        Some(other) => Err(mistyped(&path, "a string or a list of parts", &other)),
    }
}

/// One part; `None` for those that say nothing to Gemini.
fn piece(path: String, value: Value) -> Result<Option<Piece>, ApiError> {
    if let Value::String(text) = value {
        return Ok(Some(Piece::text(text)));
    }
    let mut fields = Fields::new(path, value)?;
    let Some(kind) = fields.string("type")? else {
        return Err(ApiError::missing(fields.at("type"), PARTS));
    };
    let signature = carriers::on_call(&mut fields);
    let media = match kind.as_str() {
        "text" | "input_text" | "output_text" => return text(&mut fields, "text", signature),
        "refusal" => return text(&mut fields, "refusal", signature),
        // What a model thought is Gemini's own to keep; without its signature it is only tokens.
        "thinking" | "reasoning" | "redacted_thinking" => return Ok(None),
        "image_url" | "input_image" => media::image(&mut fields)?,
        "input_audio" => media::audio(&mut fields)?,
        "file" | "input_file" => media::file(&mut fields)?,
        "video_url" | "input_video" => media::video(&mut fields)?,
        other => {
            return Err(ApiError::value(fields.at("type"), format!("unknown part type {other:?}. {PARTS}")));
        }
    };
    Ok(Some(Piece::Media(Media { signature, ..media })))
}

const PARTS: &str = "Use text, image_url, input_audio, file or video_url.";

fn text(fields: &mut Fields, name: &str, signature: Option<String>) -> Result<Option<Piece>, ApiError> {
    match fields.string(name)? {
        Some(text) => Ok(Some(Piece::Text { text, signature })),
        None => Err(ApiError::missing(fields.at(name), "A part of this type holds a string here.")),
    }
}
