//! `system` and `messages`: who said what.

use serde_json::Value;

use super::Idle;
use super::blocks::{self, Content};
use crate::openai::chat::request::Assistant;
use crate::openai::chat::request::fields::{Fields, mistyped};
use crate::openai::chat::request::messages::{Message, Piece, Spoken};
use crate::openai::error::ApiError;

/// Begins a block in which Claude Code counts calls for Anthropic's bills; it changes from call to call, and with it the prefix
/// that Google's caches go by.
const BILLING: &str = "x-anthropic-billing-header";

/// Reads `system`: a string, or a list of text blocks.
pub(super) fn system(fields: &mut Fields, idle: &mut Idle) -> Result<Vec<Message>, ApiError> {
    let texts = texts(fields, "system", idle)?;
    Ok(if texts.is_empty() { Vec::new() } else { vec![Message::System(texts)] })
}

/// Reads `messages`.
pub(super) fn read(fields: &mut Fields, idle: &mut Idle) -> Result<Vec<Message>, ApiError> {
    let Some(list) = fields.list("messages")? else {
        return Err(ApiError::missing("messages", "Send at least one message."));
    };
    if list.is_empty() {
        return Err(ApiError::value("messages", "the list is empty; send at least one message."));
    }
    let mut all = Vec::new();
    for (path, value) in list {
        message(Fields::new(path, value)?, idle, &mut all)?;
    }
    Ok(all)
}

const ROLES: &str = "Use user or assistant.";

fn message(mut fields: Fields, idle: &mut Idle, all: &mut Vec<Message>) -> Result<(), ApiError> {
    let Some(role) = fields.string("role")? else {
        return Err(ApiError::missing(fields.at("role"), ROLES));
    };
    match role.as_str() {
        "user" => {
            let Content { pieces, calls, results } = blocks::read(&mut fields, idle)?;
            if !calls.is_empty() {
                let reason = "a tool_use block belongs into a message of the assistant.";
                return Err(ApiError::value(fields.at("content"), reason));
            }
            if !pieces.is_empty() || results.is_empty() {
                let spoken = Message::User(Spoken { pieces, named: false });
                all.extend(results.into_iter().map(Message::Tool).chain([spoken]));
            } else {
                all.extend(results.into_iter().map(Message::Tool));
            }
        }
        "assistant" => {
            let Content { pieces, calls, results } = blocks::read(&mut fields, idle)?;
            if !results.is_empty() {
                let reason = "a tool_result block belongs into a message of the user.";
                return Err(ApiError::value(fields.at("content"), reason));
            }
            let said =
                Assistant { pieces, reasoning: None, calls, signature: None, audio: false, named: false };
            all.push(Message::Assistant(Box::new(said)));
        }
        "system" => all.push(Message::System(texts(&mut fields, "content", idle)?)),
        other => return Err(ApiError::value(fields.at("role"), format!("unknown role {other:?}. {ROLES}"))),
    }
    Ok(())
}

fn texts(fields: &mut Fields, name: &str, idle: &mut Idle) -> Result<Vec<String>, ApiError> {
    let path = fields.at(name);
    let items = match fields.take(name) {
        None => return Ok(Vec::new()),
        Some(Value::String(text)) => return Ok(vec![text]),
        Some(Value::Array(items)) => items,
        Some(other) => return Err(mistyped(&path, "a string or a list of text blocks", &other)),
    };
    let mut texts = Vec::new();
    for piece in blocks::pieces(&path, items, idle)? {
        match piece {
            Piece::Text { text, .. } if text.starts_with(BILLING) => idle.note(BILLING),
            Piece::Text { text, .. } => texts.push(text),
            Piece::Media(_) => return Err(ApiError::value(path, "only text blocks may stand here.")),
        }
    }
    Ok(texts)
}
