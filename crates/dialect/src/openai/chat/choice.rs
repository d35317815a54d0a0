//! One choice of an answer while it is being read: parts in, pieces of an OpenAI message out.
//!
//! A whole answer and a stream differ only in the [`Sink`] the pieces go to (`wire.md` §6.2).

mod call;
mod code;
mod content;
mod part;

use serde_json::{Map, Value};

use self::content::Content;
use self::part::{is_bare, is_unknown, kind};
use super::annotation::Sources;
use super::finish::{self, Produced};
use super::ids::Ids;
use super::logprobs::logprobs;
use super::partial::Assembly;
use super::shape::{
    Annotation, Audio, Extras, Function, Image, ImageUrl, Logprobs, Signed, ToolCall, standard_base64,
};
use super::warning::Warning;
use super::{Encoding, Remembered, Stamp};
use crate::gemini::aggregate::metadata;
use crate::gemini::content::{Blob, Part};
use crate::gemini::response::{Candidate, FinishReason};

/// Where the pieces go.
pub(in crate::openai) trait Sink {
    fn content(&mut self, text: &str);
    fn reasoning(&mut self, text: &str);
    fn call(&mut self, call: Call);
    fn image(&mut self, image: Image);
    fn audio(&mut self, audio: Audio);
    fn logprobs(&mut self, logprobs: Logprobs);
}

/// A call in one of OpenAI's forms.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::openai) enum Call {
    Tool(ToolCall),
    Legacy(Function),
}

/// What reading a choice needs and leaves behind.
#[derive(Debug)]
pub(in crate::openai) struct Notes {
    pub(in crate::openai) encoding: Encoding,
    pub(in crate::openai) stamp: Stamp,
    pub(in crate::openai) ids: Ids,
    pub(in crate::openai) remembered: Vec<Remembered>,
    pub(in crate::openai) warnings: Vec<Warning>,
}

impl Notes {
    pub(in crate::openai) fn new(encoding: Encoding, stamp: Stamp) -> Self {
        Self { encoding, stamp, ids: Ids::new(stamp), remembered: Vec::new(), warnings: Vec::new() }
    }

    pub(in crate::openai) fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// How far a choice has got.
#[derive(Debug, Default)]
pub(in crate::openai) struct Choice {
    content: Content,
    sources: Sources,
    calls: usize,
    assembly: Assembly,
    images: usize,
    spoke: bool,
    thought: bool,
    signature: Option<String>,
    code: Map<String, Value>,
    url_context: Option<Value>,
    finish: Option<FinishReason>,
    finish_word: Option<Value>,
    finish_message: Option<String>,
    safety_ratings: Option<Value>,
}

/// What is said last of a choice, once.
#[derive(Debug)]
pub(in crate::openai) struct Ending {
    pub(in crate::openai) finish_reason: &'static str,
    pub(in crate::openai) annotations: Option<Vec<Annotation>>,
    /// For the message.
    pub(in crate::openai) message: Option<Extras>,
    /// For the choice.
    pub(in crate::openai) choice: Option<Extras>,
}

impl Choice {
    /// Takes a candidate, whole or as one event has it.
    pub(in crate::openai) fn read(&mut self, candidate: &Candidate, notes: &mut Notes, sink: &mut impl Sink) {
        for (place, part) in candidate.parts().iter().enumerate() {
            self.content.ledger.part(kind(part), place == 0);
            self.part(part, notes, sink);
        }
        self.sources.see(candidate.grounding_metadata.as_ref(), candidate.citation_metadata.as_ref());
        if let Some(logprobs) = candidate.logprobs_result.as_ref().and_then(logprobs) {
            sink.logprobs(logprobs);
        }
        if let Some(reason) = candidate.finish() {
            self.finish = Some(reason);
            self.finish_word.clone_from(&candidate.finish_reason);
        }
        metadata::add_lists(&mut self.url_context, candidate.url_context_metadata.clone());
        metadata::add_ratings(&mut self.safety_ratings, candidate.safety_ratings.clone());
        if candidate.finish_message.is_some() {
            self.finish_message.clone_from(&candidate.finish_message);
        }
    }

    /// Every field that is set says something: nothing enforces that a part has only one.
    fn part(&mut self, part: &Part, notes: &mut Notes, sink: &mut impl Sink) {
        if let Some(text) = &part.text {
            self.text(text, part.is_thought(), notes, sink);
        }
        if let Some(call) = &part.function_call {
            let calls = self.assembly.take(call, part.thought_signature.as_ref());
            for call in calls.into_iter().flatten() {
                self.call(call, notes, sink);
            }
        }
        if let Some(blob) = &part.inline_data {
            // A thought image is a draft of the one that follows.
            if !part.is_thought() {
                self.blob(blob, part.thought_signature.as_ref(), notes, sink);
            }
        }
        if let Some(code) = &part.executable_code {
            self.code(code, notes, sink);
        }
        if let Some(result) = &part.code_execution_result {
            self.code_result(result, notes, sink);
        }
        if is_bare(part) && part.thought_signature.as_ref().is_some_and(|text| !text.is_empty()) {
            self.signature.clone_from(&part.thought_signature);
        }
        if is_unknown(part) {
            notes.warn(Warning::UnknownPart);
        }
    }

    fn text(&mut self, text: &str, thought: bool, notes: &Notes, sink: &mut impl Sink) {
        if text.is_empty() {
            return;
        }
        if thought {
            self.thought = true;
            if notes.encoding.show_thoughts {
                sink.reasoning(text);
            }
        } else {
            self.content.say(text, notes.encoding.json_mode, sink);
        }
    }

    fn blob(&mut self, blob: &Blob, signature: Option<&String>, notes: &mut Notes, sink: &mut impl Sink) {
        let mime = blob.mime_type.as_deref().unwrap_or_default();
        let data = standard_base64(blob.data.as_deref().unwrap_or_default());
        if mime.starts_with("image/") {
            let url = format!("data:{mime};base64,{data}");
            if notes.encoding.images_as_markdown && !notes.encoding.json_mode {
                self.content.insert(&format!("![image]({url})"), sink);
            }
            let image_url = ImageUrl { url };
            let extra_content = Signed::maybe(signature);
            sink.image(Image { r#type: "image_url", index: self.images, image_url, extra_content });
            self.images += 1;
        } else if mime.starts_with("audio/") {
            sink.audio(self.audio(mime, data.into_owned(), notes));
        } else {
            notes.warn(Warning::UnknownPart);
        }
    }

    /// What is said of a sound besides its data is said with the first piece only.
    fn audio(&mut self, mime: &str, data: String, notes: &mut Notes) -> Audio {
        let first = !std::mem::replace(&mut self.spoke, true);
        Audio {
            id: first.then(|| notes.ids.made("audio_")),
            data,
            transcript: first.then_some(""),
            expires_at: first.then(|| notes.stamp.created.saturating_add(3600)),
            mime_type: first.then(|| mime.to_owned()),
        }
    }

    /// Another upstream call goes on with this answer (`wire.md` §6.6).
    pub(in crate::openai) fn next_hop(&mut self) {
        self.sources.settle(&self.content.ledger);
        self.content.ledger.next_hop();
        self.finish = None;
    }

    /// Has the model said anything at all?
    pub(in crate::openai) fn is_empty(&self) -> bool {
        self.produced() == Produced::default() && !self.thought
    }

    fn produced(&self) -> Produced {
        let content = self.content.is_begun() || self.images > 0 || self.spoke;
        Produced { calls: self.calls > 0, content }
    }

    /// The answer is over. `blocked` is what Google said about a prompt it refused.
    pub(in crate::openai) fn end(
        &mut self,
        blocked: Option<&Extras>,
        notes: &mut Notes,
        sink: &mut impl Sink,
    ) -> Ending {
        if let Some(call) = self.assembly.finish() {
            self.call(call, notes, sink);
        }
        self.content.release(sink);
        self.sources.settle(&self.content.ledger);
        if self.sources.lost() > 0 {
            notes.warn(Warning::CitationNotFound);
        }
        if notes.encoding.append_sources
            && !notes.encoding.json_mode
            && let Some(list) = self.sources.as_markdown()
        {
            self.content.insert(&list, sink);
        }
        let blocked = blocked.filter(|_| self.finish.is_none());
        let word = finish::finish_reason(self.finish, self.produced());
        Ending {
            finish_reason: match word {
                _ if blocked.is_some() => "content_filter",
                "tool_calls" if notes.encoding.legacy_functions => "function_call",
                word => word,
            },
            annotations: self.sources.annotations(),
            message: self.message_extras(),
            choice: blocked.cloned().or_else(|| self.choice_extras()),
        }
    }

    /// One signature for the whole text: accumulators would join two into nonsense, and the last part has it.
    fn message_extras(&mut self) -> Option<Extras> {
        let mut google = Map::new();
        if let Some(signature) = self.signature.take() {
            google.insert("thought_signature".to_owned(), Value::String(signature));
        }
        google.append(&mut self.code);
        let metadata = [
            ("grounding_metadata", self.sources.raw().cloned()),
            ("url_context_metadata", self.url_context.take()),
        ];
        google.extend(metadata.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        Extras::unless_empty(google)
    }

    /// Google's own word for an unusual end.
    fn choice_extras(&mut self) -> Option<Extras> {
        self.finish.filter(|reason| finish::is_telling(*reason))?;
        let mut google = Map::new();
        google.insert("finish_reason".to_owned(), self.finish_word.take().unwrap_or_default());
        if let Some(message) = self.finish_message.take() {
            google.insert("finish_message".to_owned(), Value::String(message));
        }
        if let Some(ratings) = self.safety_ratings.take() {
            google.insert("safety_ratings".to_owned(), ratings);
        }
        Some(Extras { google })
    }
}
