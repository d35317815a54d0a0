//! A streamed answer: Gemini's events as `chat.completion.chunk`s (`wire.md` §7, `gemini-2026-11.md` §5.4).
//!
//! Clients put chunks together by joining strings and adding numbers, so everything that is not a piece is
//! said once: role, ids and names with the first piece; signature, sources, reason and usage at the end.

mod chunk;

use self::chunk::{Frames, Head};
use super::answer::{Answer, place};
use super::choice::{Choice, Ending};
use super::usage::Usage;
use super::warning::Warning;
use super::{Encoding, Remembered, Stamp};
use crate::gemini::response::GenerateContentResponse;
use crate::openai::error::ApiError;

/// Writes the SSE frames of one streamed answer.
///
/// `push` takes each upstream event; then either `finish` after a clean end or `fail` after anything else.
/// What is written after that is nothing.
#[derive(Debug)]
pub struct Encoder {
    answer: Answer,
    choices: Vec<Choice>,
    ended: bool,
}

impl Encoder {
    /// A stream that has not begun.
    pub fn new(encoding: Encoding, stamp: Stamp) -> Self {
        Self { answer: Answer::new(encoding, stamp), choices: Vec::new(), ended: false }
    }

    /// Takes one upstream event and appends the frames it gives, if any.
    pub fn push(&mut self, event: &GenerateContentResponse, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        self.answer.see(event);
        for (position, candidate) in event.candidates().iter().enumerate() {
            let Some(index) = place(candidate, position) else { continue };
            self.open(index, out);
            let Self { answer, choices, .. } = self;
            let head = Head::new(&answer.envelope, &answer.tally);
            if let Some(choice) = choices.get_mut(index) {
                let mut frames = Frames { head, index, out };
                choice.read(candidate, &mut answer.notes, &mut frames);
            }
        }
    }

    /// Announces choices up to this one, in order: clients index into a list they grow.
    fn open(&mut self, index: usize, out: &mut Vec<u8>) {
        while self.choices.len() <= index {
            let head = Head::new(&self.answer.envelope, &self.answer.tally);
            let index = self.choices.len();
            Frames { head, index, out }.announce();
            self.choices.push(Choice::default());
        }
    }

    /// Another upstream call goes on with the answer: its parts, sources and usage count anew (`wire.md` §6.6).
    pub fn next_hop(&mut self) {
        self.answer.tally.absorb_hop();
        for choice in &mut self.choices {
            choice.next_hop();
        }
    }

    /// Google ended the answer: one finish chunk for each choice, usage if asked for, `[DONE]`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.answer.fix_id(None);
        self.open(0, out);
        let Self { answer, choices, .. } = self;
        let head = Head::new(&answer.envelope, &answer.tally);
        for (index, choice) in choices.iter_mut().enumerate() {
            let mut frames = Frames { head, index, out: &mut *out };
            let ending = choice.end(answer.blocked.as_ref(), &mut answer.notes, &mut frames);
            frames.ending(ending);
        }
        if let Some(usage) = Usage::of(&answer.tally).filter(|_| answer.envelope.include_usage) {
            head.usage(usage, out);
        }
        answer.note_emptiness(choices.iter());
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// The answer was cut or broke: an error in-band and no `[DONE]` (`wire.md` §7.6).
    pub fn fail(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(error.to_json().as_bytes());
        out.extend_from_slice(b"\n\n");
    }

    /// The tool calls since the last time, for the vault.
    pub fn remembered(&mut self) -> Vec<Remembered> {
        std::mem::take(&mut self.answer.notes.remembered)
    }

    /// What could not be passed on.
    pub fn warnings(&self) -> &[Warning] {
        &self.answer.notes.warnings
    }
}
