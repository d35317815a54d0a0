//! Content blocks: text, media, tool calls and their results, thoughts.

use serde_json::{Map, Value, json};

use super::super::envelope;
use super::{Idle, source};
use crate::openai::chat::request::Call;
use crate::openai::chat::request::fields::{Fields, mistyped, numbered};
use crate::openai::chat::request::markdown;
use crate::openai::chat::request::messages::{Piece, ToolResult};
use crate::openai::error::ApiError;

/// What the blocks of one message come to.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) pieces: Vec<Piece>,
    pub(super) calls: Vec<Call>,
    pub(super) results: Vec<ToolResult>,
}

/// Reads `content`: a string, or a list of blocks.
pub(super) fn read(fields: &mut Fields, idle: &mut Idle) -> Result<Content, ApiError> {
    let path = fields.at("content");
    match fields.take("content") {
        None => Err(ApiError::missing(path, "Send a string or a list of blocks.")),
        Some(Value::String(text)) => Ok(Content { pieces: markdown::split(text), ..Content::default() }),
        Some(Value::Array(items)) => blocks(&path, items, idle),
        Some(other) => Err(mistyped(&path, "a string or a list of blocks", &other)),
    }
}

/// Reads a list in which only text and media may stand.
pub(super) fn pieces(path: &str, items: Vec<Value>, idle: &mut Idle) -> Result<Vec<Piece>, ApiError> {
    let Content { pieces, calls, results } = blocks(path, items, idle)?;
    if calls.is_empty() && results.is_empty() {
        return Ok(pieces);
    }
    Err(ApiError::value(path, "only text and media may stand here."))
}

const BLOCKS: &str = "Use text, image, document, tool_use, tool_result or thinking.";

fn blocks(path: &str, items: Vec<Value>, idle: &mut Idle) -> Result<Content, ApiError> {
    let mut content = Content::default();
    // A signature stands before what it signs.
    let mut signature = None;
    for (path, value) in numbered(path, items) {
        if let Value::String(text) = value {
            content.pieces.push(Piece::text(text));
            continue;
        }
        let mut fields = Fields::new(path, value)?;
        idle.cache(&mut fields);
        let Some(kind) = fields.string("type")? else {
            return Err(ApiError::missing(fields.at("type"), BLOCKS));
        };
        match kind.as_str() {
            "text" => content.pieces.extend(markdown::split(text(&mut fields, "text")?)),
            "image" => content.pieces.push(Piece::Media(source::image(&mut fields)?)),
            "document" => content.pieces.extend(source::document(&mut fields, idle)?),
            "search_result" => content.pieces.push(search_result(&mut fields, idle)?),
            "tool_use" => content.calls.push(call(&mut fields, signature.take())?),
            "tool_result" => content.results.push(result(&mut fields, idle)?),
            "thinking" => signature = fields.string("signature")?.and_then(|text| envelope::open(&text)),
            "redacted_thinking" => signature = fields.string("data")?.and_then(|text| envelope::open(&text)),
            // Traces of tools that a server ran: Gemini has no part for another server's.
            "server_tool_use" | "container_upload" | "mcp_tool_use" | "tool_reference" => {
                idle.note(format!("messages.{kind}"));
            }
            other if other.ends_with("_tool_result") => idle.note(format!("messages.{other}")),
            other => {
                let reason = format!("unknown block type {other:?}. {BLOCKS}");
                return Err(ApiError::value(fields.at("type"), reason));
            }
        }
    }
    Ok(content)
}

fn text(fields: &mut Fields, name: &str) -> Result<String, ApiError> {
    let path = fields.at(name);
    fields.string(name)?.ok_or_else(|| ApiError::missing(path, "A block of this type holds a string here."))
}

fn call(fields: &mut Fields, signature: Option<String>) -> Result<Call, ApiError> {
    let name = text(fields, "name")?;
    if name.is_empty() {
        return Err(ApiError::missing(fields.at("name"), "Name the tool."));
    }
    let args = match fields.take("input") {
        None => Map::new(),
        Some(Value::Object(args)) => args,
        Some(other) => return Err(mistyped(&fields.at("input"), "an object", &other)),
    };
    Ok(Call { id: text(fields, "id")?, name, args, signature })
}

fn result(fields: &mut Fields, idle: &mut Idle) -> Result<ToolResult, ApiError> {
    let id = text(fields, "tool_use_id")?;
    let failed = fields.boolean("is_error")?.unwrap_or(false);
    let path = fields.at("content");
    let pieces = match fields.take("content") {
        None => Vec::new(),
        Some(Value::String(text)) => vec![Piece::text(text)],
        Some(Value::Array(items)) => pieces(&path, items, idle)?,
        Some(other) => return Err(mistyped(&path, "a string or a list of blocks", &other)),
    };
    let pieces = if failed { as_error(pieces) } else { pieces };
    Ok(ToolResult { id: Some(id).filter(|id| !id.is_empty()), name: None, pieces })
}

/// Gemini reads the key `error` of a result as what went wrong.
fn as_error(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut texts = Vec::new();
    let mut media = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text { text, .. } => texts.push(text),
            piece @ Piece::Media(_) => media.push(piece),
        }
    }
    let error = json!({ "error": texts.join("\n") }).to_string();
    std::iter::once(Piece::text(error)).chain(media).collect()
}

/// A search result of the client's own, as text.
fn search_result(fields: &mut Fields, idle: &mut Idle) -> Result<Piece, ApiError> {
    let (title, from) = (text(fields, "title")?, text(fields, "source")?);
    let path = fields.at("content");
    let items = fields.list("content")?.unwrap_or_default().into_iter().map(|(_, value)| value).collect();
    let mut said = format!("{title}\n{from}");
    for piece in pieces(&path, items, idle)? {
        if let Piece::Text { text, .. } = piece {
            said.push('\n');
            said.push_str(&text);
        }
    }
    Ok(Piece::text(said))
}
