//! Function calls: when the model calls, which functions, and with what.
//!
//! In AUTO and VALIDATED a function is called when the user names it; `call`, `tool`, `function` or `weather` call the
//! likeliest one. `parallel:N` makes N calls at once, `steps:N` N rounds before the answer.

use serde_json::{Map, Value, json};

use super::text::{number_after, words};
use super::{Draft, Prompt, short_id};
use crate::inspect::tool::declarations;
use crate::model::Family;
use crate::noise::{hash, hash_with};
use crate::{schema, turn};

const HINTS: [&str; 7] = ["call", "tool", "function", "weather", "调用", "天气", "工具"];

/// The calls of this step, or nothing when the model speaks.
pub(super) fn draft(prompt: Prompt<'_>) -> Option<Draft> {
    let declared = declarations(prompt.body);
    let config = &prompt.body["toolConfig"]["functionCallingConfig"];
    let mode = config["mode"].as_str().unwrap_or("AUTO").to_ascii_uppercase();
    let asked = prompt.last_text();
    let done = rounds(prompt.contents());
    if declared.is_empty()
        || mode == "NONE"
        || (mode != "ANY" && done >= number_after(&asked, "steps:").unwrap_or(1))
    {
        return None;
    }
    let allowed = config["allowedFunctionNames"].as_array().map(Vec::as_slice).unwrap_or_default();
    let offered: Vec<&Value> = declared
        .into_iter()
        .filter(|function| allowed.is_empty() || allowed.contains(&function["name"]))
        .collect();
    let chosen = choose(&offered, &asked, mode == "ANY");
    if chosen.is_empty() {
        return None;
    }
    let count = number_after(&asked, "parallel:")
        .map_or(chosen.len(), |count| usize::try_from(count.clamp(1, 32)).unwrap_or(1));
    Some(calls(prompt, chosen.into_iter().cycle().take(count), done))
}

/// Calls already made in the current turn.
fn rounds(contents: &[Value]) -> u64 {
    let turn = contents.get(turn::current_turn(contents)..).unwrap_or_default();
    turn.iter().map(|content| u64::from(!turn::parts(content, "functionCall").is_empty())).sum()
}

fn choose<'a>(offered: &[&'a Value], asked: &str, forced: bool) -> Vec<&'a Value> {
    let lower = asked.to_lowercase();
    let spoken = words(asked);
    let mut named: Vec<(usize, &Value)> = Vec::new();
    for function in offered {
        let name = function["name"].as_str().unwrap_or_default().to_lowercase();
        let readable = name.replace(['_', '-', '.', ':'], " ");
        if let Some(at) = lower.find(&name).or_else(|| lower.find(&readable)) {
            named.push((at, function));
        }
    }
    if !named.is_empty() {
        named.sort_by_key(|(at, _)| *at);
        return named.into_iter().map(|(_, function)| function).collect();
    }
    let hinted = HINTS.iter().any(|hint| {
        if hint.is_ascii() { spoken.iter().any(|word| word == hint) } else { lower.contains(hint) }
    });
    let likely = offered.iter().find(|function| {
        let about = format!("{} {}", function["name"], function["description"]).to_lowercase();
        (lower.contains("weather") || lower.contains("天气"))
            && (about.contains("weather") || about.contains("天气"))
    });
    if hinted || forced {
        likely.or_else(|| offered.first()).copied().into_iter().collect()
    } else {
        Vec::new()
    }
}

fn calls<'a>(prompt: Prompt<'_>, functions: impl Iterator<Item = &'a Value>, round: u64) -> Draft {
    let mut draft = Draft::thinking(prompt);
    for (function, at) in functions.zip(0_u64..) {
        let name = function["name"].as_str().unwrap_or_default();
        let mut part = Map::new();
        part.insert("functionCall".to_owned(), call(prompt, function, hash_with(name, round * 64 + at)));
        // Only the first call of a step is signed; 2.5 signs when it thinks, and never checks (wire.md §4.6).
        if at == 0 && (prompt.model.is_gen3() || draft.thought_tokens > 0) {
            let signature = prompt.notary.issue(prompt.project, name, hash(name.as_bytes()) ^ round);
            part.insert("thoughtSignature".to_owned(), json!(signature));
        }
        draft.pieces.push(Value::Object(part));
    }
    draft.finish_message =
        (prompt.model.family == Family::Gen25).then_some("Model generated function call(s).");
    draft
}

fn call(prompt: Prompt<'_>, function: &Value, salt: u64) -> Value {
    let mut call = json!({"name": function["name"]});
    let schema = function.get("parametersJsonSchema").or_else(|| function.get("parameters"));
    if let Some(schema) = schema {
        let args = schema::satisfy(schema, salt);
        call["args"] = if args.is_object() { args } else { json!({}) };
    }
    if prompt.model.is_gen3() {
        call["id"] = json!(short_id(prompt.unique() ^ salt));
    }
    call
}
