//! Repairs of thought signatures (`wire.md` §4.6).

use super::{SENTINEL, SENTINEL_BASE64, contents};
use crate::gemini::content::{Content, Part};
use crate::gemini::request::GenerateContentRequest;

/// Signs the first function call of each unsigned step: first in the running turn, which is all Google checks;
/// if nothing lacked one there, in the whole history. A raw sentinel already there becomes base64.
pub(super) fn add_sentinels(request: &mut GenerateContentRequest) -> bool {
    let contents = contents(request);
    let turn = contents.iter().rposition(begins_turn).unwrap_or(0);
    let (past, running) = contents.split_at_mut(turn);
    sign_steps(running) || sign_steps(past)
}

/// A turn begins with what the user says, not with the result of a function.
fn begins_turn(content: &Content) -> bool {
    content.role.as_deref() != Some("model")
        && content.parts().iter().any(|part| part.function_response.is_none())
}

fn sign_steps(contents: &mut [Content]) -> bool {
    let mut changed = false;
    for content in contents.iter_mut().filter(|content| content.role.as_deref() == Some("model")) {
        let mut calls = content.parts.iter_mut().flatten().filter(|part| part.function_call.is_some());
        changed |= calls.next().is_some_and(sign);
    }
    changed
}

fn sign(call: &mut Part) -> bool {
    let next = match call.thought_signature.as_deref() {
        None | Some("") => SENTINEL,
        Some(SENTINEL) => SENTINEL_BASE64,
        Some(_) => return false,
    };
    call.thought_signature = Some(next.to_owned());
    true
}

/// Puts the sentinel in place of every signature on a call, and drops those on other parts.
pub(super) fn replace_all(request: &mut GenerateContentRequest) -> bool {
    let mut changed = false;
    for content in contents(request) {
        let Some(parts) = &mut content.parts else { continue };
        changed = parts.iter_mut().fold(changed, |changed, part| replace(part) || changed);
        // An empty text part existed only for its signature; without it Google refuses the part.
        let is_husk = |part: &Part| *part == Part::text("");
        if !parts.iter().all(is_husk) {
            parts.retain(|part| !is_husk(part));
        }
    }
    changed
}

fn replace(part: &mut Part) -> bool {
    let Some(signature) = part.thought_signature.take() else { return false };
    if part.function_call.is_some() {
        let next = if signature == SENTINEL { SENTINEL_BASE64 } else { SENTINEL };
        // Both forms have been tried: sending the first again would change nothing.
        if signature == SENTINEL_BASE64 {
            part.thought_signature = Some(signature);
            return false;
        }
        part.thought_signature = Some(next.to_owned());
    }
    true
}
