//! `tools` and `tool_choice`.

use serde_json::{Map, Value};

use super::{Idle, known};
use crate::openai::chat::request::fields::{Fields, mistyped};
use crate::openai::chat::request::tools::{Choice, Declared, Entry, Function, Tooling};
use crate::openai::error::ApiError;

/// Tools that Anthropic runs, by the beginning of their type, and Google's name for the like.
const BUILT_INS: [(&str, &str); 3] =
    [("web_search_", "googleSearch"), ("web_fetch_", "urlContext"), ("code_execution_", "codeExecution")];

/// Fields of a tool that say nothing to Gemini, and whose absence changes no answer.
const QUIET: [&str; 5] =
    ["defer_loading", "eager_input_streaming", "input_examples", "allowed_callers", "use_cache"];

/// What the model may call.
#[derive(Debug)]
pub(super) struct Toolbox {
    pub(super) tooling: Tooling,
    /// The web search tool was declared.
    pub(super) web_search: bool,
}

impl Toolbox {
    pub(super) fn read(fields: &mut Fields, idle: &mut Idle) -> Result<Self, ApiError> {
        let mut entries = Vec::new();
        let mut server_names = Vec::new();
        for (path, value) in fields.list("tools")?.unwrap_or_default() {
            let mut inner = Fields::new(&path, value)?;
            idle.cache(&mut inner);
            inner.discard(&QUIET);
            let (name, tool) = tool(&mut inner, idle)?;
            if matches!(tool, Declared::BuiltIn(..)) {
                server_names.push(name);
            }
            entries.push(Entry { path, tool });
        }
        let web_search =
            entries.iter().any(|entry| matches!(entry.tool, Declared::BuiltIn("googleSearch", _)));
        let (choice, single) = choice(fields, &server_names)?;
        let tooling = Tooling { entries, choice, choice_path: "tool_choice", single, legacy: false };
        Ok(Self { tooling, web_search })
    }
}

fn tool(fields: &mut Fields, idle: &mut Idle) -> Result<(String, Declared), ApiError> {
    let kind = fields.string("type")?;
    let name = fields.string("name")?.unwrap_or_default();
    let Some(kind) = kind.filter(|kind| kind != "custom") else {
        return own(name.clone(), fields).map(|function| (name, Declared::Function(function)));
    };
    if let Some((_, wire)) = BUILT_INS.iter().find(|(begin, _)| kind.starts_with(begin)) {
        // Google's tools take none of Anthropic's options.
        fields.rest().for_each(|option| idle.note(option));
        return Ok((name, Declared::BuiltIn(wire, Value::Object(Map::new()))));
    }
    let Some((description, parameters)) = known::schema(&kind, fields) else {
        return Ok((name, Declared::Unknown));
    };
    if name.is_empty() {
        return Err(ApiError::missing(fields.at("name"), "Name the tool."));
    }
    let (description, parameters) = (Some(description), Some(parameters));
    let function = Function { name: name.clone(), description, parameters, strict: false, custom: false };
    Ok((name, Declared::Function(function)))
}

/// A tool of the client's own.
fn own(name: String, fields: &mut Fields) -> Result<Function, ApiError> {
    if name.is_empty() {
        return Err(ApiError::missing(fields.at("name"), "Name the tool."));
    }
    let parameters = match fields.take("input_schema") {
        None => None,
        Some(schema @ Value::Object(_)) => Some(schema),
        Some(other) => {
            return Err(mistyped(&fields.at("input_schema"), "a JSON Schema (an object)", &other));
        }
    };
    let description = fields.string("description")?.filter(|text| !text.is_empty());
    let strict = fields.boolean("strict")?.unwrap_or(false);
    Ok(Function { name, description, parameters, strict, custom: false })
}

/// Whether and what to call, and whether one call at most.
fn choice(fields: &mut Fields, server_names: &[String]) -> Result<(Choice, bool), ApiError> {
    const NAME: &str = "tool_choice";
    let mut choice = match fields.take(NAME) {
        None => return Ok((Choice::Auto, false)),
        Some(Value::String(kind)) => Fields::new(NAME, serde_json::json!({ "type": kind }))?,
        Some(object) => Fields::new(NAME, object)?,
    };
    let single = choice.boolean("disable_parallel_tool_use")?.unwrap_or(false);
    let chosen = match choice.string("type")?.as_deref() {
        Some("auto") => Choice::Auto,
        Some("any") => Choice::Required,
        Some("none") => Choice::None,
        Some("tool") => match choice.string("name")? {
            Some(name) if server_names.contains(&name) => Choice::BuiltIn,
            Some(name) => Choice::Named(name),
            None => return Err(ApiError::missing(choice.at("name"), "Name the tool.")),
        },
        other => {
            let reason =
                format!("unknown kind {:?}; use auto, any, tool or none.", other.unwrap_or_default());
            return Err(ApiError::value(choice.at("type"), reason));
        }
    };
    Ok((chosen, single))
}
