//! What is noted of one call while it is under way.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dialect::gemini::redact::redact;
use dialect::gemini::request::GenerateContentRequest;
use dialect::gemini::response::GenerateContentResponse;
use dialect::lift::Cargo;

use super::text::Said;
use crate::clock::Moment;
use crate::store::record::UserId;
use crate::telemetry::call::Witness;

/// Which of the four texts of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What the client asked.
    Request,
    /// What Gemini was asked.
    GeminiRequest,
    /// What Gemini answered.
    GeminiResponse,
    /// What the client was answered.
    Response,
}

/// What is said in one call.
pub struct Sheet {
    call: String,
    user: UserId,
    at: Moment,
    /// The most bytes of each part.
    most: usize,
    parts: Mutex<[Text; 4]>,
}

#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    cut: bool,
}

impl Part {
    const ALL: [Self; 4] = [Self::Request, Self::GeminiRequest, Self::GeminiResponse, Self::Response];

    fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::GeminiRequest => "gemini_request",
            Self::GeminiResponse => "gemini_response",
            Self::Response => "response",
        }
    }
}

impl Sheet {
    pub(super) fn new(call: &str, user: UserId, at: Moment, most: usize) -> Self {
        Self { call: call.to_owned(), user, at, most, parts: Mutex::default() }
    }

    pub(super) fn call(&self) -> &str {
        &self.call
    }

    pub(super) fn user(&self) -> &UserId {
        &self.user
    }

    pub(super) fn at(&self) -> Moment {
        self.at
    }

    /// More of one of the texts; what is beyond the limit is left out.
    pub fn note(&self, part: Part, bytes: &[u8]) {
        let mut parts = self.parts();
        let Some(text) = parts.get_mut(part as usize) else { return };
        let room = self.most.saturating_sub(text.bytes.len());
        text.cut |= bytes.len() > room;
        text.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// What Gemini is asked, with what was lifted out of it.
    pub fn asks_gemini(&self, request: &GenerateContentRequest, cargo: &Cargo) {
        if let Ok(text) = serde_json::to_vec(request) {
            cargo.load(text).iter().for_each(|piece| self.note(Part::GeminiRequest, piece));
        }
    }

    /// All of it, without keys.
    pub(super) fn said(&self) -> Said {
        let mut said = Said::default();
        for (part, text) in Part::ALL.into_iter().zip(&*self.parts()) {
            let clean = redact(whole_letters(&text.bytes)).into_owned();
            match part {
                Part::Request => said.request = clean,
                Part::GeminiRequest => said.gemini_request = clean,
                Part::GeminiResponse => said.gemini_response = clean,
                Part::Response => said.response = clean,
            }
            if text.cut {
                said.cut.push(part.name().to_owned());
            }
        }
        said
    }

    fn parts(&self) -> MutexGuard<'_, [Text; 4]> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness for Sheet {
    fn saw(&self, event: &GenerateContentResponse) {
        if let Ok(mut text) = serde_json::to_vec(event) {
            text.push(b'\n');
            self.note(Part::GeminiResponse, &text);
        }
    }
}

impl fmt::Debug for Sheet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sheet").field("call", &self.call).finish_non_exhaustive()
    }
}

/// The text up to the first byte that is not of one: a cut may go through a letter.
fn whole_letters(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(whole).unwrap_or_default()
        }
    }
}
