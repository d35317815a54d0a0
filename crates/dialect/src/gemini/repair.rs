//! The learned repair table: what a 400 asks for, done to the request before one resend (`wire.md` §3.3).

use super::content::{Content, Part};
use super::outcome::Repair;
use super::request::{GenerateContentRequest, GenerationConfig};
use crate::model::Capabilities;

mod history;
mod json_mode;
mod signatures;
#[cfg(test)]
mod tests;
mod thinking;

/// Google's documented value that passes for a thought signature (`wire.md` §4.6). Costs quality; last resort.
pub const SENTINEL: &str = "skip_thought_signature_validator";
/// [`SENTINEL`] as base64: the second form to try, since there were weeks in which the raw one failed.
pub(crate) const SENTINEL_BASE64: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// Phrases of Google's messages, in lower case, all of which must occur, and the repair they ask for. First fit.
const TABLE: [(&[&str], Repair); 31] = [
    (&["thinking level and thinking budget"], Repair::SplitThinking),
    (&["thinking budget and thinking level"], Repair::SplitThinking),
    (&["thinking_budget", "thinking_level"], Repair::SplitThinking),
    (&["thinkingbudget", "thinkinglevel"], Repair::SplitThinking),
    (&["thinking level", "not supported"], Repair::RaiseThinkingLevel),
    (&["thinking level", "unsupported"], Repair::RaiseThinkingLevel),
    (&["thinking_level", "not supported"], Repair::RaiseThinkingLevel),
    (&["only works in thinking mode"], Repair::ClampThinkingBudget),
    (&["thinking budget", "is invalid"], Repair::ClampThinkingBudget),
    (&["thinking_budget", "out of range"], Repair::ClampThinkingBudget),
    (&["thinking is not enabled"], Repair::DropThinking),
    (&["it must have a text parameter"], Repair::AddBlankText),
    (&["contents.parts must not be empty"], Repair::DropEmptyContents),
    (&["must include at least one parts field"], Repair::DropEmptyContents),
    (&["penalty is not enabled"], Repair::DropPenalties),
    (&["multiple candidates is not enabled"], Repair::SingleCandidate),
    (&["unknown name \"id\"", "function_call"], Repair::StripFunctionIds),
    (&["unknown name \"id\"", "function_response"], Repair::StripFunctionIds),
    (&["functionresponse.id does not match"], Repair::EchoFunctionIds),
    (&["function_response.id does not match"], Repair::EchoFunctionIds),
    (&["missing a thought_signature"], Repair::AddSentinels),
    (&["invalid thought signature"], Repair::ReplaceSignatures),
    (&["corrupted thought signature"], Repair::ReplaceSignatures),
    (&["thought signature is not valid"], Repair::ReplaceSignatures),
    (&["number of function response parts"], Repair::NormaliseHistory),
    (&["comes immediately after a"], Repair::NormaliseHistory),
    (&["tool use with function calling is unsupported"], Repair::DropBuiltinTools),
    (&["tool call context circulation is not enabled"], Repair::DropBuiltinTools),
    (&["function calling with a response mime type"], Repair::DropJsonMode),
    (&["json mode is not enabled"], Repair::DropJsonMode),
    (&["developer instruction is not enabled"], Repair::FoldSystemInstruction),
];

impl Repair {
    /// The repair a message asks for, if the table knows it.
    pub(super) fn recognise(message: &str) -> Option<Self> {
        let message = message.to_lowercase();
        TABLE
            .iter()
            .find(|(phrases, _)| phrases.iter().all(|phrase| message.contains(phrase)))
            .map(|(_, repair)| *repair)
    }
}

/// Mends the request. False if there was nothing to change: then resending would be in vain.
pub fn apply(repair: Repair, request: &mut GenerateContentRequest, model: &Capabilities) -> bool {
    match repair {
        Repair::RaiseThinkingLevel => thinking::raise_level(request, model),
        Repair::ClampThinkingBudget => thinking::clamp_budget(request, model),
        Repair::SplitThinking => thinking::split(request, model),
        Repair::DropThinking => thinking::forget(request),
        Repair::AddBlankText => add_blank_text(request),
        Repair::DropEmptyContents => drop_empty_contents(request),
        Repair::DropPenalties => drop_penalties(request),
        Repair::SingleCandidate => single_candidate(request),
        Repair::StripFunctionIds => strip_function_ids(request),
        Repair::EchoFunctionIds => history::echo_ids(request),
        Repair::AddSentinels => signatures::add_sentinels(request),
        Repair::ReplaceSignatures => signatures::replace_all(request),
        Repair::NormaliseHistory => history::normalise(request),
        Repair::DropBuiltinTools => drop_builtin_tools(request),
        Repair::DropJsonMode => json_mode::drop(request),
        Repair::FoldSystemInstruction => fold_system_instruction(request),
    }
}

fn contents(request: &mut GenerateContentRequest) -> &mut Vec<Content> {
    request.contents.get_or_insert_default()
}

/// Every part of every turn, to be changed.
fn parts(request: &mut GenerateContentRequest) -> impl Iterator<Item = &mut Part> {
    request.contents.iter_mut().flatten().filter_map(|content| content.parts.as_mut()).flatten()
}

fn config(request: &mut GenerateContentRequest) -> Option<&mut GenerationConfig> {
    request.generation_config.as_mut()
}

fn add_blank_text(request: &mut GenerateContentRequest) -> bool {
    let mut changed = false;
    for part in
        parts(request).filter(|part| part.text.as_deref() == Some("") && part.thought_signature.is_none())
    {
        part.text = Some(" ".to_owned());
        changed = true;
    }
    for parts in contents(request).iter_mut().filter_map(|content| content.parts.as_mut()) {
        let is_media = |part: &Part| part.inline_data.is_some() || part.file_data.is_some();
        if parts.iter().any(is_media) && parts.iter().all(|part| part.text.is_none()) {
            parts.push(Part::text(" "));
            changed = true;
        }
    }
    changed
}

fn drop_empty_contents(request: &mut GenerateContentRequest) -> bool {
    let contents = contents(request);
    let mut changed = false;
    for parts in contents.iter_mut().filter_map(|content| content.parts.as_mut()) {
        let before = parts.len();
        parts.retain(|part| *part != Part::default());
        changed |= parts.len() != before;
    }
    let before = contents.len();
    contents.retain(|content| !content.parts().is_empty());
    changed | (contents.len() != before)
}

fn drop_penalties(request: &mut GenerateContentRequest) -> bool {
    let Some(config) = config(request) else { return false };
    ["presencePenalty", "frequencyPenalty", "presence_penalty", "frequency_penalty"]
        .iter()
        .fold(false, |changed, name| config.extra.shift_remove(*name).is_some() | changed)
}

fn single_candidate(request: &mut GenerateContentRequest) -> bool {
    config(request).is_some_and(|config| config.candidate_count.take_if(|count| *count > 1).is_some())
}

fn strip_function_ids(request: &mut GenerateContentRequest) -> bool {
    let mut changed = false;
    for part in parts(request) {
        let call = part.function_call.as_mut().and_then(|call| call.id.take());
        let response = part.function_response.as_mut().and_then(|response| response.id.take());
        changed |= call.is_some() || response.is_some();
    }
    changed
}

/// Keeps functions, drops what Google would run itself.
fn drop_builtin_tools(request: &mut GenerateContentRequest) -> bool {
    let mut changed = false;
    if let Some(tools) = &mut request.tools {
        for tool in tools.iter_mut() {
            changed |= !tool.extra.is_empty();
            tool.extra.clear();
        }
        tools.retain(|tool| tool.function_declarations.is_some());
        request.tools.take_if(|tools| tools.is_empty());
    }
    if let Some(config) = &mut request.tool_config {
        for name in ["includeServerSideToolInvocations", "include_server_side_tool_invocations"] {
            changed |= config.extra.shift_remove(name).is_some();
        }
    }
    changed
}

/// Puts the system instruction in front of the first turn of the user.
fn fold_system_instruction(request: &mut GenerateContentRequest) -> bool {
    let Some(instruction) = request.system_instruction.take() else { return false };
    let mut folded = instruction.parts.unwrap_or_default();
    let contents = contents(request);
    match contents.first_mut() {
        Some(first) if first.role.as_deref() != Some("model") => {
            folded.append(first.parts.get_or_insert_default());
            first.parts = Some(folded);
        }
        _ => contents.insert(0, Content::user(folded)),
    }
    true
}
