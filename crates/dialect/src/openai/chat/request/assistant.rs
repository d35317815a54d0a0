//! What the assistant said and called, as the client tells it (`wire.md` §4.1, §4.5, §4.6).

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::carriers::{self, Loose};
use super::fields::{Fields, mistyped};
use super::markdown;
use super::media::Media;
use super::messages::{Piece, pieces};
use crate::openai::error::ApiError;

/// A message of the assistant.
#[derive(Clone, Debug)]
pub(crate) struct Assistant {
    /// Text and images, in order.
    pub(crate) pieces: Vec<Piece>,
    /// The thought summary the client echoed.
    pub(crate) reasoning: Option<String>,
    /// The functions it called.
    pub(crate) calls: Vec<Call>,
    /// A signature that is not on one of the calls.
    pub(crate) signature: Option<Loose>,
    /// `audio: {id}` was given: an earlier spoken answer, which nobody keeps.
    pub(crate) audio: bool,
    /// `name` was given; Gemini has no such field.
    pub(crate) named: bool,
}

/// A function call in the history.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The id the client knows it by; may be empty.
    pub(crate) id: String,
    /// The function's name as the client knows it.
    pub(crate) name: String,
    /// The arguments, always an object.
    pub(crate) args: Map<String, Value>,
    /// The signature the client sent back with it.
    pub(crate) signature: Option<String>,
}

impl Assistant {
    /// Reads an assistant message.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        let mut pieces = content(fields)?;
        pieces.extend(fields.string("refusal")?.map(Piece::text));
        let mut calls = calls(fields)?;
        let mut signature = carriers::on_message(fields);
        let details = carriers::in_details(fields);
        let by_id: HashMap<String, usize> = if details.is_empty() {
            HashMap::new()
        } else {
            calls.iter().map(|call| call.id.clone()).zip(0..).collect()
        };
        for (id, value) in details {
            let owner = id.and_then(|id| by_id.get(&id)).and_then(|index| calls.get_mut(*index));
            match owner {
                Some(call) => _ = call.signature.get_or_insert(value),
                None => _ = signature.get_or_insert(Loose { value, bare: true }),
            }
        }
        Ok(Self {
            pieces,
            reasoning: reasoning(fields),
            calls,
            signature,
            audio: fields.has("audio"),
            named: fields.has("name"),
        })
    }
}

/// Text and images. Images we wrote into the text as Markdown become images again: as text they would cost a
/// million tokens.
fn content(fields: &mut Fields) -> Result<Vec<Piece>, ApiError> {
    let mut all = Vec::new();
    for piece in pieces(fields, "content")? {
        match piece {
            Piece::Text { text, signature: None } => all.extend(markdown::split(text)),
            other => all.push(other),
        }
    }
    let images = pieces(fields, "images")?;
    let mut shown: Vec<&mut Media> = all.iter_mut().filter_map(Piece::media).collect();
    if shown.is_empty() {
        all.extend(images);
        return Ok(all);
    }
    // The same images a second time: only their signatures are news.
    for (shown, mut image) in shown.iter_mut().zip(images) {
        let signature = image.media().and_then(|image| image.signature.take());
        shown.signature = shown.signature.take().or(signature);
    }
    Ok(all)
}

fn reasoning(fields: &mut Fields) -> Option<String> {
    let text = ["reasoning_content", "reasoning"].iter().find_map(|name| match fields.take(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    });
    text.filter(|text| !text.is_empty())
}

fn calls(fields: &mut Fields) -> Result<Vec<Call>, ApiError> {
    let list = fields.list("tool_calls")?.unwrap_or_default();
    let mut calls = list
        .into_iter()
        .map(|(path, value)| call(Fields::new(path, value)?))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(mut legacy) = fields.object("function_call")?
        && calls.is_empty()
    {
        let signature = carriers::on_call(&mut legacy);
        calls.push(function(&mut legacy, String::new(), signature)?);
    }
    Ok(calls)
}

fn call(mut fields: Fields) -> Result<Call, ApiError> {
    let own = carriers::on_call(&mut fields);
    let (id, hidden) = carriers::split_id(fields.string("id")?.unwrap_or_default());
    let signature = own.or(hidden);
    if let Some(mut custom) = fields.object("custom")? {
        let name = name(&mut custom)?;
        let input = custom.string("input")?.unwrap_or_default();
        let args = Map::from_iter([("input".to_owned(), Value::String(input))]);
        return Ok(Call { id, name, args, signature });
    }
    match fields.object("function")? {
        Some(mut inner) => function(&mut inner, id, signature),
        None => Err(ApiError::missing(fields.at("function"), "A tool call holds {name, arguments} here.")),
    }
}

fn function(fields: &mut Fields, id: String, signature: Option<String>) -> Result<Call, ApiError> {
    let name = name(fields)?;
    let args = match fields.take("arguments") {
        None => Map::new(),
        Some(Value::Object(args)) => args,
        Some(Value::String(text)) => arguments(&text),
        Some(other) => return Err(mistyped(&fields.at("arguments"), "a string of JSON", &other)),
    };
    Ok(Call { id, name, args, signature })
}

fn name(fields: &mut Fields) -> Result<String, ApiError> {
    match fields.string("name")? {
        Some(name) if !name.is_empty() => Ok(name),
        _ => Err(ApiError::missing(fields.at("name"), "Name the function.")),
    }
}

/// The arguments as an object. What a model wrote may be broken; that never fails the request.
fn arguments(text: &str) -> Map<String, Value> {
    if text.trim().is_empty() {
        return Map::new();
    }
    let wrapped = match serde_json::from_str(text) {
        Ok(Value::Object(args)) => return args,
        Ok(Value::Null) => return Map::new(),
        Ok(value) => json!({ "value": value }),
        Err(_) => json!({ "_raw": text }),
    };
    match wrapped {
        Value::Object(args) => args,
        _ => Map::new(),
    }
}
