//! A whole answer: Gemini's response as a `chat.completion` (`wire.md` §6).

mod message;

use serde::Serialize;

use self::message::Message;
use super::answer::{Answer, place};
use super::choice::{Choice, Ending, Notes};
use super::shape::{Extras, Logprobs};
use super::usage::{Usage, service_tier};
use super::warning::Warning;
use super::{Encoding, Remembered, Stamp};
use crate::gemini::response::GenerateContentResponse;

/// A `chat.completion` and what else came of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The JSON text.
    pub body: String,
    /// The tool calls in it, for the vault.
    pub remembered: Vec<Remembered>,
    /// What could not be passed on.
    pub warnings: Vec<Warning>,
}

/// Says a whole response in OpenAI's words. A stream is gathered first, by `gemini::aggregate`.
pub fn completion(response: &GenerateContentResponse, encoding: &Encoding, stamp: Stamp) -> Completion {
    let mut answer = Answer::new(encoding.clone(), stamp);
    answer.see(response);
    answer.fix_id(None);
    let mut choices = read(response, &mut answer.notes);
    let endings: Vec<Ending> = choices
        .iter_mut()
        .map(|(choice, message)| choice.end(answer.blocked.as_ref(), &mut answer.notes, message))
        .collect();
    answer.note_emptiness(choices.iter().map(|(choice, _)| choice));
    let messages = choices.into_iter().map(|(_, message)| message);
    let body = Body {
        id: answer.envelope.id.as_deref().unwrap_or_default(),
        object: "chat.completion",
        created: answer.envelope.created,
        model: &answer.envelope.model,
        choices: messages.zip(endings).enumerate().map(Whole::new).collect(),
        usage: Usage::of(&answer.tally),
        service_tier: service_tier(&answer.tally),
    };
    // Cannot fail: every key is a string, and numbers are finite.
    let body = serde_json::to_string(&body).unwrap_or_default();
    Completion { body, remembered: answer.notes.remembered, warnings: answer.notes.warnings }
}

/// The choices in order, without gaps and at least one: clients index into them.
fn read(response: &GenerateContentResponse, notes: &mut Notes) -> Vec<(Choice, Message)> {
    let mut choices: Vec<(Choice, Message)> = vec![Default::default()];
    for (position, candidate) in response.candidates().iter().enumerate() {
        let Some(index) = place(candidate, position) else { continue };
        if choices.len() <= index {
            choices.resize_with(index + 1, Default::default);
        }
        if let Some((choice, message)) = choices.get_mut(index) {
            choice.read(candidate, notes, message);
        }
    }
    choices
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<Whole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Serialize)]
struct Whole {
    index: usize,
    message: message::Body,
    logprobs: Option<Logprobs>,
    finish_reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<Extras>,
}

impl Whole {
    fn new((index, (mut message, ending)): (usize, (Message, Ending))) -> Self {
        let Ending { finish_reason, annotations, message: extra_content, choice } = ending;
        let logprobs = message.take_logprobs();
        let mut message = message.body(finish_reason == "content_filter");
        message.annotations = annotations;
        message.extra_content = extra_content;
        Self { index, message, logprobs, finish_reason, extra_content: choice }
    }
}
