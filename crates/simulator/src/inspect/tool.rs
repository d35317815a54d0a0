//! What a model refuses in `tools` and `toolConfig`.

use std::collections::HashSet;

use serde_json::Value;

use super::bad;
use crate::model::{Family, Model};
use crate::refusal::Refusal;

const BUILT_IN: [&str; 8] = [
    "googleSearch",
    "googleSearchRetrieval",
    "googleMaps",
    "urlContext",
    "codeExecution",
    "computerUse",
    "fileSearch",
    "mcpServers",
];

/// The declared functions of a canonical body.
pub(crate) fn declarations(body: &Value) -> Vec<&Value> {
    let tools = body["tools"].as_array().into_iter().flatten();
    tools.flat_map(|tool| tool["functionDeclarations"].as_array().into_iter().flatten()).collect()
}

/// Whether a built-in tool is switched on.
pub(crate) fn has_built_in(body: &Value, name: &str) -> bool {
    body["tools"].as_array().into_iter().flatten().any(|tool| tool[name].is_object())
}

pub(super) fn check(model: &Model, body: &Value) -> Result<(), Refusal> {
    let functions = declarations(body);
    for (at, function) in functions.iter().enumerate() {
        check_declaration(at, function)?;
    }
    let mut names = HashSet::new();
    if let Some(twice) = functions.iter().find(|function| !names.insert(function["name"].as_str())) {
        return Err(bad(&format!(
            "Duplicate function declaration found: {}",
            twice["name"].as_str().unwrap_or_default()
        )));
    }
    if functions.len() > 512 {
        return Err(bad("* GenerateContentRequest.tools: at most 512 function declarations are allowed.\n"));
    }
    refused_by(model, body, !functions.is_empty())?;
    choice(body, &functions)
}

fn check_declaration(at: usize, function: &Value) -> Result<(), Refusal> {
    let path = format!("* GenerateContentRequest.tools[0].function_declarations[{at}]");
    let name = function["name"].as_str().unwrap_or_default();
    let starts_well = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    let is_legal = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.:-".contains(letter));
    if !starts_well || !is_legal || name.len() > 128 {
        return Err(bad(&format!(
            "{path}.name: [FIELD_INVALID] Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.\n"
        )));
    }
    if function.get("parameters").is_some() && function.get("parametersJsonSchema").is_some() {
        return Err(bad(&format!("{path}: parameters and parameters_json_schema are mutually exclusive.\n")));
    }
    // The OpenAPI form only; a JSON Schema may be empty (wire.md §4.4).
    let parameters = &function["parameters"];
    let is_object = parameters["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("object"));
    if is_object && parameters["properties"].as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(bad(&format!("{path}.parameters.properties: should be non-empty for OBJECT type\n")));
    }
    Ok(())
}

/// Combinations that older models do not know (wire.md §2.4, §3.3).
fn refused_by(model: &Model, body: &Value, has_functions: bool) -> Result<(), Refusal> {
    let has_built_in = BUILT_IN.iter().any(|name| has_built_in(body, name));
    let circulates = body["toolConfig"]["includeServerSideToolInvocations"] == true;
    let wants_json = body["generationConfig"]["responseMimeType"] == "application/json";
    if has_functions && matches!(model.family, Family::Image25 | Family::Tts) {
        return Err(bad(&format!("Function calling is not enabled for models/{}", model.id)));
    }
    if circulates && !model.is_gen3() {
        return Err(bad(&format!("Tool call context circulation is not enabled for models/{}", model.id)));
    }
    if has_functions && has_built_in && !model.is_gen3() {
        return Err(bad("Tool use with function calling is unsupported"));
    }
    if has_functions && has_built_in && !circulates {
        return Err(bad(
            "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling.",
        ));
    }
    if wants_json && has_functions && !model.is_gen3() {
        return Err(bad("Function calling with a response mime type: 'application/json' is unsupported"));
    }
    Ok(())
}

fn choice(body: &Value, functions: &[&Value]) -> Result<(), Refusal> {
    let config = &body["toolConfig"]["functionCallingConfig"];
    let mode = config["mode"].as_str().unwrap_or("AUTO").to_ascii_uppercase();
    if !matches!(mode.as_str(), "AUTO" | "ANY" | "NONE" | "VALIDATED" | "MODE_UNSPECIFIED") {
        return Err(bad(&format!(
            "Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), \"{mode}\""
        )));
    }
    let allowed = config["allowedFunctionNames"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !allowed.is_empty() && !matches!(mode.as_str(), "ANY" | "VALIDATED") {
        return Err(bad(
            "* GenerateContentRequest.tool_config.function_calling_config: allowed_function_names should be set only when mode is ANY or VALIDATED.\n",
        ));
    }
    let is_declared = |name: &Value| functions.iter().any(|function| function["name"] == *name);
    if let Some(stray) = allowed.iter().find(|name| !is_declared(name)) {
        return Err(bad(&format!(
            "* GenerateContentRequest.tool_config.function_calling_config.allowed_function_names: function {stray} is not declared.\n"
        )));
    }
    if mode == "ANY" && functions.is_empty() {
        return Err(bad("Function calling config is set without function_declarations."));
    }
    Ok(())
}
