//! What a whole answer and a streamed one know in common: id, usage, tier, a blocked prompt.

use serde_json::{Map, Value};

use super::choice::{Choice, Notes};
use super::shape::Extras;
use super::warning::Warning;
use super::{Encoding, Stamp};
use crate::gemini::response::{Candidate, GenerateContentResponse};
use crate::gemini::usage::UsageTally;

/// More choices than any model gives; Node's client refuses more (`gemini-2026-11.md` §5.4).
const MOST_CHOICES: usize = 128;

/// The part of an answer that belongs to no single choice.
#[derive(Debug)]
pub(in crate::openai) struct Answer {
    pub(in crate::openai) notes: Notes,
    pub(in crate::openai) tally: UsageTally,
    pub(in crate::openai) blocked: Option<Extras>,
    pub(in crate::openai) envelope: Envelope,
}

/// What every chunk repeats.
#[derive(Debug)]
pub(in crate::openai) struct Envelope {
    pub(in crate::openai) id: Option<String>,
    pub(in crate::openai) created: i64,
    pub(in crate::openai) model: String,
    pub(in crate::openai) include_usage: bool,
}

impl Answer {
    pub(in crate::openai) fn new(encoding: Encoding, stamp: Stamp) -> Self {
        let envelope = Envelope {
            id: None,
            created: stamp.created,
            model: encoding.model.clone(),
            include_usage: encoding.include_usage,
        };
        Self { notes: Notes::new(encoding, stamp), tally: UsageTally::default(), blocked: None, envelope }
    }

    /// Takes what an event says outside its candidates.
    pub(in crate::openai) fn see(&mut self, event: &GenerateContentResponse) {
        self.fix_id(event.response_id.as_deref());
        if let Some(counts) = &event.usage_metadata {
            self.tally.see(counts);
        }
        if let Some(reason) = event.block_reason() {
            self.blocked = Some(block_extras(reason, event));
        }
    }

    /// The first event decides; an answer that never had one gets a made id.
    pub(in crate::openai) fn fix_id(&mut self, response_id: Option<&str>) {
        if self.envelope.id.is_none() {
            self.envelope.id = Some(self.notes.ids.completion(response_id));
        }
    }

    /// To be called once all choices have ended.
    pub(in crate::openai) fn note_emptiness<'a>(&mut self, mut choices: impl Iterator<Item = &'a Choice>) {
        if self.blocked.is_none() && choices.all(Choice::is_empty) {
            self.notes.warn(Warning::EmptyAnswer);
        }
    }
}

/// The index of a candidate: its own, else its position; `None` if absurd.
pub(in crate::openai) fn place(candidate: &Candidate, position: usize) -> Option<usize> {
    let own = candidate.index.and_then(|index| usize::try_from(index).ok());
    Some(own.unwrap_or(position)).filter(|place| *place < MOST_CHOICES)
}

fn block_extras(reason: &str, event: &GenerateContentResponse) -> Extras {
    let mut google = Map::new();
    google.insert("block_reason".to_owned(), Value::String(reason.to_owned()));
    let said = event.prompt_feedback.as_ref().map(|feedback| &feedback.extra);
    for (theirs, ours) in
        [("blockReasonMessage", "block_reason_message"), ("safetyRatings", "safety_ratings")]
    {
        if let Some(value) = said.and_then(|said| said.get(theirs)) {
            google.insert(ours.to_owned(), value.clone());
        }
    }
    Extras { google }
}
