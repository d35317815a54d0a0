//! What a model refuses in `generationConfig`.

use serde_json::Value;

use super::bad;
use crate::model::{Family, Model, Thinking};
use crate::refusal::Refusal;

pub(super) fn check(model: &Model, body: &Value) -> Result<(), Refusal> {
    let config = &body["generationConfig"];
    thinking(model, &config["thinkingConfig"])?;
    sampling(model, config)?;
    amounts(model, config)?;
    output(model, config)
}

/// Refuses thinking options that the model does not take (wire.md §5.1, gemini-2026-11.md §1.12).
fn thinking(model: &Model, config: &Value) -> Result<(), Refusal> {
    if !config.is_object() {
        return Ok(());
    }
    let budget = number(&config["thinkingBudget"], "generation_config.thinking_config.thinking_budget")?;
    let level = config["thinkingLevel"].as_str().map(str::to_ascii_uppercase);
    if budget.is_some() && level.is_some() {
        return Err(bad("You can only set only one of thinking_budget and thinking_level."));
    }
    match model.thinking {
        Thinking::None => Err(bad(&format!("Thinking is not enabled for models/{}", model.id))),
        Thinking::Levels { allowed, .. } => {
            level_allowed(allowed, level.as_deref()).and_then(|()| budget_on_levels(model, budget))
        }
        Thinking::Budget { min, max, can_be_zero, .. } => {
            if level.is_some() {
                return Err(bad("Thinking level is not supported for this model."));
            }
            match budget {
                None | Some(-1) => Ok(()),
                Some(0) if can_be_zero => Ok(()),
                Some(0) => Err(bad("Budget 0 is invalid. This model only works in thinking mode.")),
                Some(budget) if (min..=max).contains(&budget) => Ok(()),
                Some(budget) => Err(bad(&format!(
                    "The thinking budget ({budget}) is invalid. Please choose a value between {min} and {max}."
                ))),
            }
        }
    }
}

fn level_allowed(allowed: &[&str], level: Option<&str>) -> Result<(), Refusal> {
    match level {
        None | Some("THINKING_LEVEL_UNSPECIFIED") => Ok(()),
        Some(level) if allowed.contains(&level) => Ok(()),
        Some(level @ ("MINIMAL" | "LOW" | "MEDIUM" | "HIGH" | "XHIGH")) => Err(bad(&format!(
            "Thinking level {level} is not supported for this model. Please retry with other thinking level."
        ))),
        Some(level) => Err(bad(&format!(
            "Invalid value at 'generation_config.thinking_config.thinking_level' (type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.ThinkingLevel), \"{level}\""
        ))),
    }
}

/// Budgets are tolerated on level models, except the one that would switch thinking off.
fn budget_on_levels(model: &Model, budget: Option<i64>) -> Result<(), Refusal> {
    match budget {
        Some(0) => Err(bad("Budget 0 is invalid. This model only works in thinking mode.")),
        Some(budget) if !(-1..=32_768).contains(&budget) => Err(bad(&format!(
            "The thinking budget ({budget}) is invalid. Please choose a value between -1 and 32768."
        ))),
        Some(_) if model.family == Family::Image3 => {
            Err(bad(&format!("Thinking budget is not supported for models/{}", model.id)))
        }
        _ => Ok(()),
    }
}

fn sampling(model: &Model, config: &Value) -> Result<(), Refusal> {
    let penalised = ["presencePenalty", "frequencyPenalty"]
        .iter()
        .any(|name| config[*name].as_f64().is_some_and(|value| value != 0.0));
    if penalised {
        return Err(bad(&format!("Penalty is not enabled for models/{}", model.id)));
    }
    if config["responseLogprobs"] == true || config["logprobs"].is_number() {
        return Err(bad(&format!("Logprobs is not enabled for models/{}", model.id)));
    }
    for (name, low, high) in [("temperature", 0.0, 2.0), ("topP", 0.0, 1.0)] {
        let value = &config[name];
        if value.is_null() {
            continue;
        }
        match value.as_f64() {
            Some(number) if (low..=high).contains(&number) => {}
            Some(number) => {
                return Err(bad(&format!(
                    "Unable to submit request because it has a {name} value of {number} but the supported range is from {low} (inclusive) to {high} (inclusive)."
                )));
            }
            None => {
                return Err(bad(&format!(
                    "Invalid value at 'generation_config.{name}' (TYPE_FLOAT), {value}"
                )));
            }
        }
    }
    Ok(())
}

fn amounts(model: &Model, config: &Value) -> Result<(), Refusal> {
    let candidates = number(&config["candidateCount"], "generation_config.candidate_count")?.unwrap_or(1);
    if candidates > 1 && model.family != Family::Gen25 {
        return Err(bad("Multiple candidates is not enabled for this model"));
    }
    if !(1..=8).contains(&candidates) {
        return Err(bad(
            "* GenerateContentRequest.generation_config.candidate_count: candidate_count must be in the range [1, 8].\n",
        ));
    }
    match number(&config["maxOutputTokens"], "generation_config.max_output_tokens")? {
        Some(limit) if limit <= 0 => {
            return Err(bad(
                "* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.\n",
            ));
        }
        // Google names no reason here (wire.md §4.3).
        Some(limit) if limit.unsigned_abs() > model.output => {
            return Err(bad("Request contains an invalid argument."));
        }
        _ => {}
    }
    number(&config["seed"], "generation_config.seed")?.map_or(Ok(()), |seed| {
        i32::try_from(seed)
            .map(|_| ())
            .map_err(|_| bad(&format!("Invalid value at 'generation_config.seed' (TYPE_INT32), {seed}")))
    })?;
    let stops = config["stopSequences"].as_array().map(Vec::as_slice).unwrap_or_default();
    if stops.len() > 5 {
        return Err(bad(
            "* GenerateContentRequest.generation_config.stop_sequences: at most 5 stop sequences are allowed.\n",
        ));
    }
    if stops.iter().any(|stop| stop == "") {
        return Err(bad(
            "* GenerateContentRequest.generation_config.stop_sequences: stop sequence must not be empty.\n",
        ));
    }
    Ok(())
}

fn output(model: &Model, config: &Value) -> Result<(), Refusal> {
    let mime = config["responseMimeType"].as_str().unwrap_or("text/plain");
    let schemas =
        ["responseSchema", "responseJsonSchema"].iter().filter(|name| config.get(**name).is_some()).count();
    if !matches!(mime, "text/plain" | "application/json" | "text/x.enum") {
        return Err(bad(
            "* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are `text/plain`, `application/json`, `application/xml`, `application/yaml` and `text/x.enum`.\n",
        ));
    }
    if schemas == 2 {
        return Err(bad(
            "* GenerateContentRequest.generation_config: response_schema and response_json_schema cannot both be set.\n",
        ));
    }
    if schemas > 0 && mime == "text/plain" {
        return Err(bad(
            "* GenerateContentRequest.generation_config.response_schema: only allowed when response_mime_type is `application/json` or `text/x.enum`.\n",
        ));
    }
    if mime == "application/json" && (model.is_image() || model.family == Family::Tts) {
        return Err(bad(&format!("JSON mode is not enabled for models/{}", model.id)));
    }
    modalities(model, config)
}

fn modalities(model: &Model, config: &Value) -> Result<(), Refusal> {
    let asked: Vec<String> = config["responseModalities"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_ascii_uppercase)
        .collect();
    let offered: &[&str] = match model.family {
        Family::Image25 | Family::Image3 => &["TEXT", "IMAGE"],
        Family::Tts => &["AUDIO"],
        _ => &["TEXT"],
    };
    let effective: Vec<&str> =
        if asked.is_empty() { vec!["TEXT"] } else { asked.iter().map(String::as_str).collect() };
    if effective.iter().all(|modality| offered.contains(modality)) {
        return Ok(());
    }
    Err(bad(&format!(
        "The requested combination of response modalities ({}) is not supported by the model. models/{} accepts the following combination of response modalities:\n* {}\n",
        effective.join(", "),
        model.id,
        offered.join(", ")
    )))
}

/// A whole number, also as the string that proto JSON allows.
fn number(value: &Value, path: &str) -> Result<Option<i64>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    let whole = value.as_f64().filter(|number| number.fract() == 0.0).and_then(|_| value.as_i64());
    let parsed = whole.or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    parsed.map(Some).ok_or_else(|| bad(&format!("Invalid value at '{path}' (TYPE_INT32), {value}")))
}
