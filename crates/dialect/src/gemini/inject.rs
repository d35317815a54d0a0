//! Adds an operator's text to a request, whatever API it came from.
//!
//! Parts are added, none is changed or removed, so that images, signatures and tool results stay as they are. A message of
//! the user is one in which somebody speaks: a turn that only brings results of tools is none. In a tool loop the text
//! therefore goes to the same message in every turn.

use super::content::{Content, Part};
use super::request::GenerateContentRequest;
use crate::model::{Capabilities, Family};

/// Where a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the system instruction.
    System,
    /// Before the first message of the user.
    UserPrefix,
    /// After the last message of the user.
    UserSuffix,
}

/// A text to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injection<'a> {
    /// Where it goes.
    pub place: Place,
    /// What is added.
    pub text: &'a str,
}

/// Adds texts in this order, the operator's before a user's own. One that is empty, or stands there already, is passed over.
pub fn apply(request: &mut GenerateContentRequest, injections: &[Injection<'_>], model: &Capabilities) {
    // A voice would read it aloud; an embedding would be of it.
    if matches!(model.family, Family::Speech | Family::Embedding) {
        return;
    }
    // A model without system instructions is told in the first message, and so is a call on cached content, whose
    // instruction is fixed.
    let no_system = !model.system_instruction || request.cached_content.is_some();
    let effective = |place| if no_system && place == Place::System { Place::UserPrefix } else { place };
    let wanted = |place| {
        let texts = injections.iter().filter(|injection| effective(injection.place) == place);
        texts.map(|injection| injection.text.trim()).filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let (system, prefix, suffix) =
        (wanted(Place::System), wanted(Place::UserPrefix), wanted(Place::UserSuffix));
    // What is put before something comes last to first, so that it ends up in order.
    for text in system.into_iter().rev() {
        before_system(request, text);
    }
    for text in prefix.into_iter().rev() {
        before_user(request, text);
    }
    for text in suffix {
        after_user(request, text);
    }
}

fn before_system(request: &mut GenerateContentRequest, text: &str) {
    let instruction = request.system_instruction.get_or_insert_default();
    let parts = instruction.parts.get_or_insert_default();
    if !stands_in(parts, text) {
        let gap = if parts.is_empty() { "" } else { "\n\n" };
        parts.insert(0, Part::text(format!("{text}{gap}")));
    }
}

fn before_user(request: &mut GenerateContentRequest, text: &str) {
    let Some(message) = messages(request).find(|content| is_said(content)) else { return };
    let parts = message.parts.get_or_insert_default();
    if !stands_in(parts, text) {
        // Results of tools have to stay in front.
        let at = parts.iter().rposition(|part| part.function_response.is_some()).map_or(0, |last| last + 1);
        parts.insert(at, Part::text(format!("{text}\n\n")));
    }
}

fn after_user(request: &mut GenerateContentRequest, text: &str) {
    let Some(message) = messages(request).rev().find(|content| is_said(content)) else { return };
    let parts = message.parts.get_or_insert_default();
    if !stands_in(parts, text) {
        parts.push(Part::text(format!("\n\n{text}")));
    }
}

fn messages(request: &mut GenerateContentRequest) -> impl DoubleEndedIterator<Item = &mut Content> {
    request.contents.iter_mut().flatten()
}

/// Whether somebody speaks here.
fn is_said(content: &Content) -> bool {
    let by_user = content.role.as_deref().is_none_or(|role| role == "user");
    // A single space is what the translator puts where Gemini insists on a text.
    let silent = |part: &Part| {
        part.function_response.is_some() || part.text.as_deref().is_some_and(|text| text.trim().is_empty())
    };
    by_user && !content.parts().iter().all(silent)
}

fn stands_in(parts: &[Part], text: &str) -> bool {
    parts.iter().any(|part| part.text.as_deref().is_some_and(|known| known.trim() == text))
}

#[cfg(test)]
mod tests;
