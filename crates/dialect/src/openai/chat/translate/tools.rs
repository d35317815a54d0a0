//! Tools in Gemini's words (`wire.md` §2.4, §4.4, `gemini-2026-11.md` §3.4).

use serde_json::{Map, Value, json};

use super::{Work, schema};
use crate::gemini::request::{
    FunctionCallingConfig, FunctionDeclaration, GenerateContentRequest, Tool, ToolConfig,
};
use crate::model::Family;
use crate::openai::chat::request::options::WebSearch;
use crate::openai::chat::request::tools::{Choice, Declared, Function, Tooling};
use crate::openai::error::ApiError;

/// Functions Gemini takes at most.
const MAX_FUNCTIONS: usize = 512;

/// What the request declares.
#[derive(Debug, Default)]
struct Toolbox {
    functions: Vec<FunctionDeclaration>,
    /// The client's names, in the same order.
    names: Vec<String>,
    /// By wire name, with the path in the request.
    built_ins: Vec<(&'static str, Value, String)>,
    strict: bool,
    /// Where the user is.
    place: Option<Value>,
    config: Map<String, Value>,
}

/// Declares the tools and says how they may be used.
pub(super) fn apply(
    tooling: Tooling,
    search: Option<WebSearch>,
    out: &mut GenerateContentRequest,
    work: &mut Work<'_>,
) -> Result<(), ApiError> {
    let Tooling { entries, choice, choice_path, .. } = tooling;
    let mut tools = Toolbox::default();
    for entry in entries {
        match entry.tool {
            Declared::Function(function) => tools.function(function, &entry.path, work)?,
            Declared::BuiltIn(wire, options) => tools.built_in(wire, options, entry.path),
            Declared::Unknown => work.notes.ignore(&entry.path, "Gemini has no tool of this type.")?,
        }
    }
    if let Some(search) = search {
        tools.search(search, work)?;
    }
    if choice == Choice::None {
        tools.built_ins.clear();
    }
    tools.unmix(work)?;
    let calling = tools.calling(choice, choice_path, work)?;
    tools.write(calling, out);
    Ok(())
}

impl Toolbox {
    fn function(&mut self, function: Function, path: &str, work: &mut Work<'_>) -> Result<(), ApiError> {
        let Function { name, description, parameters, strict, custom } = function;
        if self.functions.len() >= MAX_FUNCTIONS {
            return Err(ApiError::value("tools", format!("Gemini takes {MAX_FUNCTIONS} functions at most.")));
        }
        if self.names.contains(&name) {
            return work.notes.ignore(path, &format!("{name:?} is declared twice."));
        }
        let parameters = if custom {
            work.encoding.custom_tools.push(name.clone());
            let input = json!({ "input": { "type": "string" } });
            Some(json!({ "type": "object", "properties": input, "required": ["input"] }))
        } else {
            parameters.map(|schema| schema::simplify(&schema)).filter(|schema| *schema != json!({}))
        };
        self.strict |= strict;
        self.functions.push(FunctionDeclaration {
            name: Some(work.names.sent(&name)),
            description,
            parameters_json_schema: parameters,
            ..FunctionDeclaration::default()
        });
        self.names.push(name);
        Ok(())
    }

    fn built_in(&mut self, wire: &'static str, options: Value, path: String) {
        if !self.built_ins.iter().any(|(known, ..)| *known == wire) {
            self.built_ins.push((wire, options, path));
        }
    }

    fn search(&mut self, search: WebSearch, work: &mut Work<'_>) -> Result<(), ApiError> {
        const NAME: &str = "web_search_options";
        self.built_in("googleSearch", json!({}), NAME.to_owned());
        if let Some((latitude, longitude)) = search.place {
            self.place = Some(json!({ "latLng": { "latitude": latitude, "longitude": longitude } }));
        }
        if search.hints { work.notes.ignore(NAME, "Google Search takes no such hints.") } else { Ok(()) }
    }

    /// Functions and built-in tools together: only newer models take that; on others the functions stay.
    fn unmix(&mut self, work: &mut Work<'_>) -> Result<(), ApiError> {
        if self.functions.is_empty() || self.built_ins.is_empty() {
            return Ok(());
        }
        if work.capabilities.mixed_tools {
            self.config.insert("includeServerSideToolInvocations".to_owned(), json!(true));
            return Ok(());
        }
        for (_, _, path) in std::mem::take(&mut self.built_ins) {
            work.notes.ignore(&path, "this model takes no built-in tools beside functions.")?;
        }
        Ok(())
    }

    /// The mode, only if there are functions: without them it is a 400.
    fn calling(
        &mut self,
        choice: Choice,
        path: &str,
        work: &mut Work<'_>,
    ) -> Result<Option<FunctionCallingConfig>, ApiError> {
        if self.functions.is_empty() {
            return self.forced_without_functions(&choice, path, work).map(|()| None);
        }
        let (mode, names) = match choice {
            Choice::Auto => return Ok(self.free(work)),
            Choice::BuiltIn => {
                work.notes.ignore(path, "Gemini cannot be forced to use a built-in tool.")?;
                return Ok(self.free(work));
            }
            Choice::None => ("NONE", None),
            Choice::Required => ("ANY", None),
            Choice::Named(name) => ("ANY", Some(vec![name])),
            Choice::Allowed { required: true, names } => ("ANY", Some(names)),
            Choice::Allowed { required: false, names } => ("VALIDATED", Some(names)),
        };
        let Some(names) = names else { return Ok(Some(config(mode, None))) };
        if let Some(unknown) = names.iter().find(|name| !self.names.contains(name)) {
            return Err(ApiError::value(path, format!("no tool named {unknown:?} is declared in tools.")));
        }
        if mode == "VALIDATED" && !work.is_gen3() {
            self.keep_only(&names);
            return Ok(self.free(work));
        }
        let names = names.iter().map(|name| work.names.sent(name)).collect();
        Ok(Some(config(mode, Some(names))))
    }

    /// The model decides; its calls are held to the schemas if a function is strict or tools are mixed.
    fn free(&self, work: &Work<'_>) -> Option<FunctionCallingConfig> {
        let knows = matches!(work.capabilities.family, Family::Gen25 | Family::Gen3 | Family::Gen4);
        let validated = knows && (self.strict || !self.built_ins.is_empty());
        validated.then(|| config("VALIDATED", None))
    }

    fn forced_without_functions(
        &self,
        choice: &Choice,
        path: &str,
        work: &mut Work<'_>,
    ) -> Result<(), ApiError> {
        match choice {
            Choice::Auto | Choice::None => Ok(()),
            Choice::BuiltIn | Choice::Required if !self.built_ins.is_empty() => {
                work.notes.ignore(path, "Gemini cannot be forced to use a built-in tool.")
            }
            Choice::BuiltIn | Choice::Required | Choice::Named(_) | Choice::Allowed { .. } => {
                Err(ApiError::value(path, "no function is declared; send tools, or leave this out."))
            }
        }
    }

    fn keep_only(&mut self, names: &[String]) {
        let keep: Vec<bool> = self.names.iter().map(|name| names.contains(name)).collect();
        let mut kept = keep.iter();
        self.functions.retain(|_| kept.next() == Some(&true));
    }

    fn write(self, calling: Option<FunctionCallingConfig>, out: &mut GenerateContentRequest) {
        let Self { functions, built_ins, place, mut config, .. } = self;
        if let Some(place) = place.filter(|_| !built_ins.is_empty()) {
            config.insert("retrievalConfig".to_owned(), place);
        }
        let functions = Some(functions).filter(|functions| !functions.is_empty());
        let functions =
            functions.map(|functions| Tool { function_declarations: Some(functions), extra: Map::new() });
        // Built-in tools in one entry with anything else are refused.
        let built_ins = built_ins.into_iter().map(|(wire, options, _)| Tool {
            function_declarations: None,
            extra: Map::from_iter([(wire.to_owned(), options)]),
        });
        let tools: Vec<Tool> = functions.into_iter().chain(built_ins).collect();
        out.tools = Some(tools).filter(|tools| !tools.is_empty());
        let config = ToolConfig { function_calling_config: calling, extra: config };
        out.tool_config = Some(config).filter(|config| *config != ToolConfig::default());
    }
}

fn config(mode: &str, names: Option<Vec<String>>) -> FunctionCallingConfig {
    FunctionCallingConfig { mode: Some(mode.to_owned()), allowed_function_names: names, extra: Map::new() }
}
