//! The plain parameters: sampling, limits, format, and Google's own (`wire.md` §4.3, §4.7).

use serde_json::{Number, Value};

use super::fields::{Fields, mistyped};
use crate::openai::error::ApiError;

/// The plain parameters.
#[derive(Clone, Debug)]
pub(crate) struct Scalars {
    pub(crate) temperature: Option<Number>,
    pub(crate) top_p: Option<Number>,
    /// At least 1; 0 and −1 mean "off" in other servers.
    pub(crate) top_k: Option<u32>,
    pub(crate) n: u32,
    pub(crate) stop: Vec<String>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) seed: Option<i128>,
    pub(crate) presence_penalty: Option<Number>,
    pub(crate) frequency_penalty: Option<Number>,
    /// How many alternatives, if log probabilities are wanted at all.
    pub(crate) logprobs: Option<u8>,
    /// A `logit_bias` with entries was given.
    pub(crate) logit_bias: bool,
    pub(crate) user: Option<String>,
    pub(crate) store: Option<bool>,
    pub(crate) service_tier: Option<String>,
    /// With the path of each.
    pub(crate) modalities: Vec<(String, String)>,
    pub(crate) audio: Option<Audio>,
    pub(crate) web_search: Option<WebSearch>,
    pub(crate) prompt_cache_key: Option<String>,
}

/// `audio`: how the answer is to sound.
#[derive(Clone, Debug)]
pub(crate) struct Audio {
    /// OpenAI's name of the voice, or Google's.
    pub(crate) voice: Option<String>,
}

/// `web_search_options`.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebSearch {
    /// Latitude and longitude, if given.
    pub(crate) place: Option<(Number, Number)>,
    /// Some option was given that Google has no counterpart for.
    pub(crate) hints: bool,
}

/// The shape of the answer.
#[derive(Clone, Debug)]
pub(crate) enum Format {
    /// Anything.
    Text,
    /// JSON of any shape.
    Json,
    /// JSON of this shape.
    Schema(Value),
}

/// Parameters only Google has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Google {
    /// With the path of each.
    pub(crate) safety_settings: Vec<(String, Value)>,
    /// The name of the cache.
    pub(crate) cached_content: Option<String>,
}

impl Scalars {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        let first_user = fields.string("user")?;
        let safety_identifier = fields.string("safety_identifier")?;
        Ok(Self {
            temperature: fields.number("temperature")?,
            top_p: fields.number("top_p")?,
            top_k: fields.integer("top_k")?.and_then(|top| u32::try_from(top).ok()).filter(|top| *top > 0),
            n: count(fields)?,
            stop: stop(fields)?,
            max_tokens: max_tokens(fields)?,
            seed: fields.integer("seed")?,
            presence_penalty: fields.number("presence_penalty")?,
            frequency_penalty: fields.number("frequency_penalty")?,
            logprobs: logprobs(fields)?,
            logit_bias: logit_bias(fields)?,
            user: first_user.or(safety_identifier).filter(|user| !user.is_empty()),
            store: fields.boolean("store")?,
            service_tier: fields.string("service_tier")?,
            modalities: strings(fields, "modalities")?,
            audio: audio(fields)?,
            web_search: web_search(fields)?,
            prompt_cache_key: fields.string("prompt_cache_key")?.filter(|key| !key.is_empty()),
        })
    }
}

impl Format {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        let Some(mut format) = fields.object("response_format")? else { return Ok(Self::Text) };
        let Some(kind) = format.string("type")? else {
            return Err(ApiError::missing(format.at("type"), "Use text, json_object or json_schema."));
        };
        match kind.as_str() {
            "text" => Ok(Self::Text),
            "json_object" => Ok(schema(&mut format, "response_schema")?.map_or(Self::Json, Self::Schema)),
            "json_schema" => {
                let mut inner = format.object("json_schema")?;
                let holder = inner.as_mut().unwrap_or(&mut format);
                Ok(schema(holder, "schema")?.map_or(Self::Json, Self::Schema))
            }
            other => {
                let reason = format!("unknown format {other:?}; use text, json_object or json_schema.");
                Err(ApiError::value(format.at("type"), reason))
            }
        }
    }
}

impl Google {
    pub(super) fn read(fields: &mut Fields, mut google: Option<&mut Fields>) -> Result<Self, ApiError> {
        let mut found = Self::default();
        for holder in [Some(fields), google.take()].into_iter().flatten() {
            for name in ["safety_settings", "safetySettings"] {
                found.safety_settings.extend(holder.list(name)?.unwrap_or_default());
            }
            for name in ["cached_content", "cachedContent"] {
                let name = holder.string(name)?.filter(|name| !name.is_empty());
                found.cached_content = found.cached_content.or(name);
            }
        }
        Ok(found)
    }
}

fn schema(fields: &mut Fields, name: &str) -> Result<Option<Value>, ApiError> {
    match fields.take(name) {
        None => Ok(None),
        Some(schema @ Value::Object(_)) => Ok(Some(schema)),
        Some(other) => Err(mistyped(&fields.at(name), "a JSON Schema (an object)", &other)),
    }
}

fn count(fields: &mut Fields) -> Result<u32, ApiError> {
    let Some(n) = fields.integer("n")? else { return Ok(1) };
    match u32::try_from(n) {
        Ok(n @ 1..=128) => Ok(n),
        _ => Err(ApiError::value("n", format!("{n} answers cannot be given; use 1 to 128."))),
    }
}

fn stop(fields: &mut Fields) -> Result<Vec<String>, ApiError> {
    let all = match fields.take("stop") {
        None => Vec::new(),
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => {
            let item = |(index, value)| match value {
                Value::String(text) => Ok(text),
                other => Err(mistyped(&format!("stop[{index}]"), "a string", &other)),
            };
            items.into_iter().enumerate().map(item).collect::<Result<_, _>>()?
        }
        Some(other) => return Err(mistyped("stop", "a string or a list of strings", &other)),
    };
    // Google refuses empty ones.
    Ok(all.into_iter().filter(|text| !text.is_empty()).collect())
}

fn max_tokens(fields: &mut Fields) -> Result<Option<u64>, ApiError> {
    let mut found = None;
    for name in ["max_completion_tokens", "max_tokens"] {
        let Some(tokens) = fields.integer(name)? else { continue };
        if tokens <= 0 {
            return Err(ApiError::value(
                name,
                format!("{tokens} leaves no room for an answer; use 1 or more."),
            ));
        }
        found = found.or(Some(u64::try_from(tokens).unwrap_or(u64::MAX)));
    }
    Ok(found)
}

fn logprobs(fields: &mut Fields) -> Result<Option<u8>, ApiError> {
    let wanted = fields.boolean("logprobs")?.unwrap_or(false);
    let Some(top) = fields.integer("top_logprobs")? else { return Ok(wanted.then_some(0)) };
    let Some(top) = u8::try_from(top).ok().filter(|top| *top <= 20) else {
        return Err(ApiError::value("top_logprobs", format!("{top} is out of range; use 0 to 20.")));
    };
    if !wanted && top > 0 {
        return Err(ApiError::value("top_logprobs", "needs logprobs: true."));
    }
    Ok(wanted.then_some(top))
}

fn logit_bias(fields: &mut Fields) -> Result<bool, ApiError> {
    match fields.take("logit_bias") {
        None => Ok(false),
        Some(Value::Object(map)) => Ok(!map.is_empty()),
        Some(other) => Err(mistyped("logit_bias", "an object", &other)),
    }
}

fn strings(fields: &mut Fields, name: &str) -> Result<Vec<(String, String)>, ApiError> {
    let item = |(path, value): (String, Value)| match value {
        Value::String(text) => Ok((path, text)),
        other => Err(mistyped(&path, "a string", &other)),
    };
    fields.list(name)?.unwrap_or_default().into_iter().map(item).collect()
}

fn audio(fields: &mut Fields) -> Result<Option<Audio>, ApiError> {
    let Some(mut audio) = fields.object("audio")? else { return Ok(None) };
    // OpenAI also takes `voice: {id}`.
    if let Some(mut custom) = audio.take("voice") {
        let id = custom.get_mut("id").map(Value::take).unwrap_or(custom);
        return match id {
            Value::String(voice) => Ok(Some(Audio { voice: Some(voice) })),
            other => Err(mistyped("audio.voice", "a string", &other)),
        };
    }
    Ok(Some(Audio { voice: None }))
}

fn web_search(fields: &mut Fields) -> Result<Option<WebSearch>, ApiError> {
    let Some(mut options) = fields.object("web_search_options")? else { return Ok(None) };
    let mut found = WebSearch::default();
    if let Some(mut place) = options.object("user_location")? {
        let mut inner = place.object("approximate")?.unwrap_or(place);
        if let (Some(latitude), Some(longitude)) = (inner.number("latitude")?, inner.number("longitude")?) {
            found.place = Some((latitude, longitude));
        }
        inner.discard(&["type"]);
        found.hints = inner.rest().next().is_some();
    }
    found.hints |= options.rest().next().is_some();
    Ok(Some(found))
}
