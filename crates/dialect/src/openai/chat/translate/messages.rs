//! Messages in Gemini's words (`wire.md` §4.1, §4.6).

use std::collections::HashSet;

use super::history::{Asked, History, Ordered, Slot};
use super::{Work, parts, results};
use crate::gemini::content::{Content, Part};
use crate::gemini::repair::SENTINEL;
use crate::gemini::request::GenerateContentRequest;
use crate::model::Family;
use crate::openai::chat::request::messages::{Message, Spoken, ToolResult};
use crate::openai::chat::request::{Assistant, Call};
use crate::openai::error::ApiError;

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What the operator of the conversation says, wherever it stood.
    pub(super) system: Vec<String>,
    history: History,
    /// Signatures already used: a second copy is billed again.
    signatures: HashSet<String>,
}

/// Sorts messages into instruction and conversation.
pub(super) fn translate(messages: Vec<Message>, work: &mut Work<'_>) -> Result<Said, ApiError> {
    let mut said = Said::default();
    for (index, message) in messages.into_iter().enumerate() {
        match message {
            Message::System(texts) => said.system.extend(texts.into_iter().filter(|text| !text.is_empty())),
            Message::User(spoken) => said.user(spoken, work)?,
            Message::Assistant(assistant) => said.assistant(index, *assistant, work)?,
            Message::Tool(result) => said.result(result, work),
        }
    }
    Ok(said)
}

impl Said {
    fn user(&mut self, spoken: Spoken, work: &mut Work<'_>) -> Result<(), ApiError> {
        unnamed(spoken.named, work)?;
        self.history.user(parts::all(spoken.pieces, work));
        Ok(())
    }

    fn assistant(&mut self, index: usize, said: Assistant, work: &mut Work<'_>) -> Result<(), ApiError> {
        let Assistant { pieces, reasoning, calls, signature, audio, named } = said;
        unnamed(named, work)?;
        if audio {
            let name = format!("messages[{index}].audio");
            work.notes.refuse(&name, "spoken answers are not kept; send the transcript as content.")?;
        }
        let mut lead = parts::all(pieces, work);
        let mut calls: Vec<Asked> = calls.into_iter().map(|call| self.call(call, work)).collect();
        for part in &mut lead {
            part.thought_signature = part.thought_signature.take().filter(|value| self.is_new(value));
        }
        let loose = signature.filter(|loose| work.takes_signatures() && self.is_new(&loose.value));
        if let Some(loose) = loose {
            attach(loose.value, loose.bare, &mut lead, calls.first_mut());
        }
        if work.capabilities.family == Family::Image && work.capabilities.signatures_required {
            sign_images(&mut lead);
        }
        let signed = lead.iter().any(|part| part.thought_signature.is_some())
            || calls.iter().any(|call| call.signature.is_some());
        if let Some(text) = reasoning.filter(|_| signed) {
            lead.insert(0, Part { thought: Some(true), ..Part::text(text) });
        }
        self.history.model(lead, calls);
        Ok(())
    }

    fn call(&mut self, call: Call, work: &mut Work<'_>) -> Asked {
        let Call { id, name, args, signature } = call;
        let recalled = work.recall.get(&id);
        let signature = signature.or_else(|| recalled?.signature.clone());
        let own_id = recalled.and_then(|recalled| recalled.gemini_id.clone());
        Asked {
            name: work.names.sent(&name),
            id: work.capabilities.function_ids.then(|| own_id.unwrap_or_else(|| id.clone())),
            args,
            signature: signature.filter(|value| work.takes_signatures() && self.is_new(value)),
            answer: None,
            public_id: id,
            public_name: name,
        }
    }

    fn is_new(&mut self, signature: &str) -> bool {
        self.signatures.insert(signature.to_owned())
    }

    fn result(&mut self, result: ToolResult, work: &mut Work<'_>) {
        let ToolResult { id, name, pieces } = result;
        match self.history.slot(id.as_deref(), name.as_deref()) {
            Slot::Open(call) => {
                call.answer = Some(results::parts(call.name.clone(), call.id.clone(), pieces, work));
            }
            Slot::Answered(call) => {
                let again = results::parts(call.name.clone(), call.id.clone(), pieces.clone(), work);
                if call.answer.as_ref() != Some(&again) {
                    let name = call.public_name.clone();
                    self.orphan(&name, pieces, work);
                }
            }
            Slot::Nobody => {
                let recalled = id.as_ref().and_then(|id| Some(work.recall.get(id)?.name.clone()));
                let name = name.or(recalled).or(id).unwrap_or_default();
                self.orphan(&name, pieces, work);
            }
        }
    }

    /// A result that answers no call is still something the user tells.
    fn orphan(
        &mut self,
        name: &str,
        pieces: Vec<crate::openai::chat::request::messages::Piece>,
        work: &mut Work<'_>,
    ) {
        let (text, media) = results::split(pieces);
        let text = format!("Result of {name}: {}", text.unwrap_or_default());
        let media = media.into_iter().map(|media| parts::media(media, work));
        let parts = std::iter::once(Part::text(text.trim_end())).chain(media).collect();
        self.history.user(parts);
    }

    /// Writes instruction and conversation into the request.
    pub(super) fn place(self, out: &mut GenerateContentRequest, work: &mut Work<'_>) {
        let Self { system, mut history, signatures: _ } = self;
        let system: Vec<Part> = system.into_iter().map(Part::text).collect();
        if history.is_empty() || !work.capabilities.system_instruction {
            if !system.is_empty() || history.is_empty() {
                history.user_first(system);
            }
        } else if !system.is_empty() {
            out.system_instruction = Some(Content { role: None, ..Content::user(system) });
        }
        let Ordered { mut contents, open_calls } = history.finish(work.capabilities.signatures_required);
        contents.iter_mut().for_each(give_text);
        // Newer models refuse to go on writing their own last turn (`gemini-2026-11.md` §1.11).
        let prefilled = contents.last().is_some_and(|content| content.role.as_deref() == Some("model"));
        if contents.is_empty() || (prefilled && work.is_gen3()) {
            let text = if prefilled { "Continue." } else { " " };
            contents.push(Content::user(vec![Part::text(text)]));
        }
        work.hints.open_calls = open_calls;
        out.contents = Some(contents);
    }
}

fn unnamed(named: bool, work: &mut Work<'_>) -> Result<(), ApiError> {
    if named { work.notes.ignore("messages.name", "Gemini does not tell speakers apart.") } else { Ok(()) }
}

/// Puts the signature of a message where it belongs: on its last text, else on its first call.
fn attach(signature: String, bare: bool, lead: &mut Vec<Part>, call: Option<&mut Asked>) {
    let text = lead.iter_mut().rev().find(|part| part.text.is_some() && part.thought_signature.is_none());
    match (text, call) {
        (_, Some(call)) if bare && call.signature.is_none() => call.signature = Some(signature),
        (Some(text), _) => text.thought_signature = Some(signature),
        (None, Some(call)) if call.signature.is_none() => call.signature = Some(signature),
        (None, Some(_)) => {}
        (None, None) => lead.push(Part { thought_signature: Some(signature), ..Part::text("") }),
    }
}

/// Image models check every image they made themselves.
fn sign_images(lead: &mut [Part]) {
    for part in lead.iter_mut().filter(|part| part.inline_data.is_some()) {
        part.thought_signature.get_or_insert_with(|| SENTINEL.to_owned());
    }
}

/// Gemini refuses user turns without parts, and some models those without text.
fn give_text(content: &mut Content) {
    let is_response = |part: &Part| part.function_response.is_some();
    let is_user = content.role.as_deref() == Some("user");
    if is_user && !content.parts().iter().any(|part| part.text.is_some() || is_response(part)) {
        content.parts.get_or_insert_default().push(Part::text(" "));
    }
}
