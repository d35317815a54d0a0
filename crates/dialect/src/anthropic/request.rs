//! What an Anthropic client sends to Messages, read leniently (`wire.md` §12).
//!
//! It becomes the conversation that Chat Completions is read into. Unknown and null fields are no error; a known field of
//! the wrong type is one, with its path.

mod blocks;
mod known;
mod messages;
mod source;
mod thinking;
mod tools;

use serde_json::Value;

use self::thinking::Depth;
use self::tools::Toolbox;
use crate::openai::chat::request::fields::{Fields, mistyped};
use crate::openai::chat::request::options::{Format, Google, Scalars};
use crate::openai::chat::request::{ChatRequest, json};
use crate::openai::error::ApiError;

/// Stop sequences Google takes at most.
const MAX_STOPS: usize = 5;

/// A Messages request, checked for shape.
#[derive(Clone, Debug)]
pub struct MessagesRequest {
    pub(super) chat: ChatRequest,
    /// Thinking was asked for.
    pub(super) signed: bool,
    /// The web search tool was declared.
    pub(super) web_search: bool,
}

/// Names of what is not carried, each once.
#[derive(Debug, Default)]
struct Idle(Vec<String>);

impl Idle {
    fn note(&mut self, name: impl Into<String>) {
        let name = name.into();
        if !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// `cache_control` asks for a cache that Google keeps by itself.
    fn cache(&mut self, fields: &mut Fields) {
        if fields.take("cache_control").is_some() {
            self.note("cache_control");
        }
    }
}

impl MessagesRequest {
    /// Reads the body of a request, for `/v1/messages` and for counting alike.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut fields = Fields::new("", json(body)?)?;
        let mut idle = Idle::default();
        let model = fields.string("model")?.filter(|model| !model.trim().is_empty());
        let stream = fields.boolean("stream")?.unwrap_or(false);
        let mut messages = messages::system(&mut fields, &mut idle)?;
        messages.extend(messages::read(&mut fields, &mut idle)?);
        let scalars = scalars(&mut fields, &mut idle)?;
        let mut output = fields.object("output_config")?;
        let depth = Depth::read(&mut fields, output.as_mut(), scalars.max_tokens)?;
        let format = format(&mut fields, output.as_mut())?;
        let Toolbox { tooling, web_search } = Toolbox::read(&mut fields, &mut idle)?;
        idle.cache(&mut fields);
        for name in output.iter().flat_map(Fields::rest).chain(fields.rest()) {
            idle.note(name);
        }
        let chat = ChatRequest {
            model,
            messages,
            stream,
            include_usage: true,
            scalars,
            tooling,
            format,
            reasoning: depth.reasoning,
            google: Google::default(),
            idle: idle.0,
        };
        Ok(Self { chat, signed: depth.asked, web_search })
    }

    /// The model, or the error that it is missing.
    pub fn require_model(&self) -> Result<&str, ApiError> {
        self.chat.require_model()
    }

    /// Fills in the model where the client named none.
    pub fn default_model(&mut self, model: &str) {
        self.chat.default_model(model);
    }

    /// Says under which name the answer goes: the model's own, where the client used another.
    pub fn answer_as(&mut self, model: &str) {
        self.chat.answer_as(model);
    }

    /// Whether the answer is to be streamed.
    pub fn stream(&self) -> bool {
        self.chat.stream()
    }

    /// The ids of all tool calls in the history, to look up what is remembered of them.
    pub fn call_ids(&self) -> Vec<&str> {
        self.chat.call_ids()
    }

    /// Notes something about the request that is not carried, a header for example.
    pub fn ignore(&mut self, name: &str) {
        self.chat.idle.push(name.to_owned());
    }
}

fn scalars(fields: &mut Fields, idle: &mut Idle) -> Result<Scalars, ApiError> {
    let user = match fields.object("metadata")? {
        Some(mut metadata) => {
            let user = metadata.string("user_id")?;
            metadata.rest().for_each(|name| idle.note(name));
            user
        }
        None => None,
    };
    let top_k = fields.integer("top_k")?;
    Ok(Scalars {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: top_k.and_then(|top| u32::try_from(top).ok()).filter(|top| *top > 0),
        n: 1,
        stop: stops(fields, idle)?,
        max_tokens: max_tokens(fields)?,
        seed: None,
        presence_penalty: None,
        frequency_penalty: None,
        logprobs: None,
        logit_bias: false,
        user: user.filter(|user| !user.is_empty()),
        store: None,
        service_tier: tier(fields)?,
        modalities: Vec::new(),
        audio: None,
        web_search: None,
        prompt_cache_key: None,
    })
}

/// `auto` may take Anthropic's better tier, which is not Google's `priority`: nobody asked to pay for that.
fn tier(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    let tier = fields.string("service_tier")?;
    Ok(tier.map(|tier| if tier == "standard_only" { "standard".to_owned() } else { tier }))
}

fn max_tokens(fields: &mut Fields) -> Result<Option<u64>, ApiError> {
    match fields.integer("max_tokens")? {
        None => Ok(None),
        Some(tokens) if tokens <= 0 => {
            let reason = format!("{tokens} leaves no room for an answer; use 1 or more.");
            Err(ApiError::value("max_tokens", reason))
        }
        Some(tokens) => Ok(Some(u64::try_from(tokens).unwrap_or(u64::MAX))),
    }
}

fn stops(fields: &mut Fields, idle: &mut Idle) -> Result<Vec<String>, ApiError> {
    let mut stops = Vec::new();
    for (path, value) in fields.list("stop_sequences")?.unwrap_or_default() {
        match value {
            Value::String(text) if text.is_empty() => {}
            Value::String(_) if stops.len() == MAX_STOPS => idle.note(path),
            Value::String(text) => stops.push(text),
            other => return Err(mistyped(&path, "a string", &other)),
        }
    }
    Ok(stops)
}

/// `output_config.format`, and the older `output_format`.
fn format(fields: &mut Fields, output: Option<&mut Fields>) -> Result<Format, ApiError> {
    let newer = match output {
        Some(output) => output.object("format")?,
        None => None,
    };
    let older = fields.object("output_format")?;
    let Some(mut format) = newer.or(older) else { return Ok(Format::Text) };
    match format.string("type")?.as_deref() {
        Some("text") => Ok(Format::Text),
        Some("json_schema") => match format.take("schema") {
            Some(schema @ Value::Object(_)) => Ok(Format::Schema(schema)),
            Some(other) => Err(mistyped(&format.at("schema"), "a JSON Schema (an object)", &other)),
            None => Err(ApiError::missing(format.at("schema"), "Send the JSON Schema here.")),
        },
        other => {
            let reason = format!("unknown format {:?}; use json_schema.", other.unwrap_or_default());
            Err(ApiError::value(format.at("type"), reason))
        }
    }
}
