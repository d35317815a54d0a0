//! `tools`, `tool_choice` and their older forms (`wire.md` §4.4).

use serde_json::{Map, Value, json};

use super::fields::{Fields, mistyped};
use crate::openai::error::ApiError;

/// What the model may call, and whether it has to.
#[derive(Clone, Debug)]
pub(crate) struct Tooling {
    /// The tools.
    pub(crate) entries: Vec<Entry>,
    /// Whether and which to call.
    pub(crate) choice: Choice,
    /// Where the choice was given.
    pub(crate) choice_path: &'static str,
    /// `parallel_tool_calls: false`.
    pub(crate) single: bool,
    /// Declared with the older `functions`.
    pub(crate) legacy: bool,
}

/// One tool.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where it stands in the request.
    pub(crate) path: String,
    /// What it is.
    pub(crate) tool: Declared,
}

/// What a tool is.
#[derive(Clone, Debug)]
pub(crate) enum Declared {
    /// A function that the client runs.
    Function(Function),
    /// A tool that Google runs, by its wire name, with its options.
    BuiltIn(&'static str, Value),
    /// Something we do not know.
    Unknown,
}

/// A function that the client runs.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// The client's name for it.
    pub(crate) name: String,
    /// What it does.
    pub(crate) description: Option<String>,
    /// JSON Schema of the arguments.
    pub(crate) parameters: Option<Value>,
    /// Arguments must fit the schema.
    pub(crate) strict: bool,
    /// A freeform tool: one string in, no schema.
    pub(crate) custom: bool,
}

/// Whether and which functions to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The model decides.
    Auto,
    /// None at all.
    None,
    /// At least one.
    Required,
    /// The function of this name.
    Named(String),
    /// Only some of them.
    Allowed {
        /// At least one.
        required: bool,
        /// Which.
        names: Vec<String>,
    },
    /// A built-in tool, which Google cannot be forced to use.
    BuiltIn,
}

/// Google's tools: the names clients use, and the name on the wire.
const BUILT_INS: &[(&str, &str)] = &[
    ("web_search", "googleSearch"),
    ("google_search", "googleSearch"),
    ("googleSearch", "googleSearch"),
    ("url_context", "urlContext"),
    ("urlContext", "urlContext"),
    ("code_execution", "codeExecution"),
    ("codeExecution", "codeExecution"),
    ("code_interpreter", "codeExecution"),
    ("google_maps", "googleMaps"),
    ("googleMaps", "googleMaps"),
    ("file_search", "fileSearch"),
    ("fileSearch", "fileSearch"),
    ("computer_use", "computerUse"),
    ("computerUse", "computerUse"),
];

impl Tooling {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        let mut entries = Vec::new();
        for (path, value) in fields.list("tools")?.unwrap_or_default() {
            let tool = tool(Fields::new(&path, value)?)?;
            entries.push(Entry { path, tool });
        }
        let functions = fields.list("functions")?.unwrap_or_default();
        let legacy = entries.is_empty() && !functions.is_empty();
        for (path, value) in functions {
            let tool = Declared::Function(function(&mut Fields::new(&path, value)?, false)?);
            entries.push(Entry { path, tool });
        }
        let (choice_path, choice) = match (fields.take("tool_choice"), fields.take("function_call")) {
            (Some(value), _) => ("tool_choice", value),
            (None, Some(value)) => ("function_call", value),
            (None, None) => ("tool_choice", Value::from("auto")),
        };
        let choice = choose(choice_path, choice)?;
        let single = fields.boolean("parallel_tool_calls")? == Some(false);
        Ok(Self { entries, choice, choice_path, single, legacy })
    }

    /// The client's names of the functions.
    pub(crate) fn function_names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match &entry.tool {
            Declared::Function(function) => Some(function.name.as_str()),
            Declared::BuiltIn(..) | Declared::Unknown => None,
        })
    }
}

fn tool(mut fields: Fields) -> Result<Declared, ApiError> {
    let kind = fields.string("type")?;
    match kind.as_deref() {
        Some("function") | None if fields.has("function") => {
            let Some(mut inner) = fields.object("function")? else { return Ok(Declared::Unknown) };
            function(&mut inner, false).map(Declared::Function)
        }
        // The flat form of the Responses API.
        Some("function") => function(&mut fields, false).map(Declared::Function),
        Some("custom") => match fields.object("custom")? {
            Some(mut inner) => function(&mut inner, true).map(Declared::Function),
            None => function(&mut fields, true).map(Declared::Function),
        },
        Some(kind) => Ok(built_in_by_type(kind, &mut fields)),
        None => Ok(built_in_by_key(&mut fields)),
    }
}

/// `{"type": "web_search", …}`; OpenAI's options have no counterpart at Google.
fn built_in_by_type(kind: &str, fields: &mut Fields) -> Declared {
    let kind = if kind.starts_with("web_search_preview") { "web_search" } else { kind };
    let Some((name, wire)) = BUILT_INS.iter().find(|(name, _)| *name == kind) else {
        return Declared::Unknown;
    };
    let options = match (fields.take(name), fields.take("vector_store_ids")) {
        (Some(options @ Value::Object(_)), _) => options,
        (_, Some(stores)) => json!({ "fileSearchStoreNames": stores }),
        _ => Value::Object(Map::new()),
    };
    Declared::BuiltIn(wire, options)
}

/// `{"google_search": {}}`.
fn built_in_by_key(fields: &mut Fields) -> Declared {
    let found = BUILT_INS.iter().find_map(|(name, wire)| Some((wire, fields.take(name)?)));
    match found {
        Some((wire, options @ Value::Object(_))) => Declared::BuiltIn(wire, options),
        Some((wire, _)) => Declared::BuiltIn(wire, Value::Object(Map::new())),
        None => Declared::Unknown,
    }
}

fn function(fields: &mut Fields, custom: bool) -> Result<Function, ApiError> {
    let name = match fields.string("name")? {
        Some(name) if !name.is_empty() => name,
        _ => return Err(ApiError::missing(fields.at("name"), "Name the function.")),
    };
    let mut description = fields.string("description")?.unwrap_or_default();
    if let Some(format) = fields.object("format")?.filter(|_| custom) {
        grammar(&mut description, format)?;
    }
    Ok(Function {
        name,
        description: Some(description).filter(|text| !text.is_empty()),
        parameters: parameters(fields)?,
        strict: fields.boolean("strict")?.unwrap_or(false),
        custom,
    })
}

fn parameters(fields: &mut Fields) -> Result<Option<Value>, ApiError> {
    match fields.take("parameters") {
        Some(Value::Object(schema)) if schema.is_empty() => Ok(None),
        Some(schema @ Value::Object(_)) => Ok(Some(schema)),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        None => Ok(None),
        Some(other) => Err(mistyped(&fields.at("parameters"), "a JSON Schema (an object)", &other)),
    }
}

/// Gemini cannot be held to a grammar, but it can be told.
fn grammar(description: &mut String, mut format: Fields) -> Result<(), ApiError> {
    let nested = format.object("grammar")?;
    let mut holder = nested.unwrap_or(format);
    if let Some(definition) = holder.string("definition")? {
        let syntax = holder.string("syntax")?.unwrap_or_default();
        let text = format!("\nThe input must match this {syntax} grammar:\n{definition}");
        description.push_str(if description.is_empty() { text.trim_start() } else { &text });
    }
    Ok(())
}

fn choose(path: &str, value: Value) -> Result<Choice, ApiError> {
    let mut fields = match value {
        Value::String(text) => return word(path, &text),
        object @ Value::Object(_) => Fields::new(path, object)?,
        other => return Err(mistyped(path, "a string or an object", &other)),
    };
    let kind = fields.string("type")?;
    match kind.as_deref() {
        Some("allowed_tools") => allowed(&mut fields),
        Some(kind @ ("auto" | "none" | "any" | "required")) => word(path, kind),
        Some(kind) if !matches!(kind, "function" | "custom" | "tool") => Ok(Choice::BuiltIn),
        _ => match tool_name(&mut fields)? {
            Some(name) => Ok(Choice::Named(name)),
            None => Err(ApiError::missing(fields.at("function.name"), "Name the function to call.")),
        },
    }
}

fn word(path: &str, text: &str) -> Result<Choice, ApiError> {
    match text {
        "auto" => Ok(Choice::Auto),
        "none" => Ok(Choice::None),
        "required" | "any" => Ok(Choice::Required),
        _ => {
            let reason = format!("unknown choice {text:?}; use auto, none, required or name a function.");
            Err(ApiError::value(path, reason))
        }
    }
}

fn allowed(fields: &mut Fields) -> Result<Choice, ApiError> {
    let mut nested = fields.object("allowed_tools")?;
    let inner = nested.as_mut().unwrap_or(fields);
    let required = match inner.string("mode")?.as_deref() {
        None | Some("auto") => false,
        Some("required") => true,
        Some(other) => {
            let reason = format!("unknown mode {other:?}; use auto or required.");
            return Err(ApiError::value(inner.at("mode"), reason));
        }
    };
    let mut names = Vec::new();
    for (path, value) in inner.list("tools")?.unwrap_or_default() {
        names.extend(tool_name(&mut Fields::new(path, value)?)?);
    }
    if names.is_empty() {
        return Err(ApiError::missing(inner.at("tools"), "List at least one function."));
    }
    Ok(Choice::Allowed { required, names })
}

/// The name in `{function: {name}}`, `{custom: {name}}` or `{name}`.
fn tool_name(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    for holder in ["function", "custom"] {
        if let Some(mut inner) = fields.object(holder)? {
            return inner.string("name");
        }
    }
    fields.string("name")
}
