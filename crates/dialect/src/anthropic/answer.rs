//! An answer while it is being read: Gemini's parts in, Anthropic's content blocks out (`wire.md` §12).
//!
//! A whole answer and a stream differ only in the [`Sink`] the blocks go to. One block is open at a time.

mod calls;
mod found;
mod shape;

use serde_json::Value;

pub(super) use self::shape::{Block, Delta};
use super::envelope;
use super::{Encoding, usage::Usage};
use crate::gemini::aggregate::metadata::{self, Start};
use crate::gemini::content::{Blob, Part};
use crate::gemini::response::{Candidate, FinishReason, GenerateContentResponse};
use crate::gemini::usage::UsageTally;
use crate::openai::chat::fence::Fence;
use crate::openai::chat::finish::{self, Produced};
use crate::openai::chat::ids::Ids;
use crate::openai::chat::partial::Assembly;
use crate::openai::chat::warning::Warning;
use crate::openai::chat::{Remembered, Stamp};

/// Where blocks go.
pub(super) trait Sink {
    fn start(&mut self, index: usize, block: &Block<'_>);
    fn delta(&mut self, index: usize, delta: &Delta<'_>);
    fn stop(&mut self, index: usize);
}

/// The block that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Text,
    Thinking { signed: bool },
}

/// How far an answer has got.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) encoding: Encoding,
    pub(super) tally: UsageTally,
    pub(super) remembered: Vec<Remembered>,
    pub(super) warnings: Vec<Warning>,
    id: String,
    ids: Ids,
    /// The index of the block that is open, or of the next one.
    index: usize,
    open: Option<Open>,
    fence: Fence,
    assembly: Assembly,
    calls: usize,
    said: bool,
    thought: bool,
    grounding: Option<Value>,
    hop: Start,
    /// The code that runs, by the id its result will name.
    running: Option<String>,
    finish: Option<FinishReason>,
    blocked: bool,
}

impl Answer {
    pub(super) fn new(encoding: Encoding, stamp: Stamp) -> Self {
        let mut ids = Ids::new(stamp);
        Self {
            encoding,
            tally: UsageTally::default(),
            remembered: Vec::new(),
            warnings: Vec::new(),
            id: ids.made("msg_"),
            ids,
            index: 0,
            open: None,
            fence: Fence::default(),
            assembly: Assembly::default(),
            calls: 0,
            said: false,
            thought: false,
            grounding: None,
            hop: Start::default(),
            running: None,
            finish: None,
            blocked: false,
        }
    }

    /// The message's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Takes what an event says outside its candidates.
    pub(super) fn see(&mut self, event: &GenerateContentResponse) {
        if let Some(counts) = &event.usage_metadata {
            self.tally.see(counts);
        }
        self.blocked |= event.block_reason().is_some();
    }

    /// Takes the candidates of an event. Messages have one answer, so only the first is read.
    pub(super) fn read(&mut self, event: &GenerateContentResponse, sink: &mut impl Sink) {
        let first = event.candidates().iter().find(|candidate| candidate.index.unwrap_or(0) == 0);
        let Some(candidate) = first else { return };
        for part in candidate.parts() {
            self.part(part, sink);
        }
        self.note(candidate);
    }

    fn note(&mut self, candidate: &Candidate) {
        metadata::add_grounding(&mut self.grounding, candidate.grounding_metadata.clone(), self.hop);
        if let Some(reason) = candidate.finish() {
            self.finish = Some(reason);
        }
    }

    fn part(&mut self, part: &Part, sink: &mut impl Sink) {
        if let Some(text) = part.text.as_deref().filter(|text| !text.is_empty()) {
            if part.is_thought() { self.think(text, sink) } else { self.say(text, sink) }
        }
        if let Some(call) = &part.function_call {
            for whole in self.assembly.take(call, part.thought_signature.as_ref()).into_iter().flatten() {
                self.call(whole, sink);
            }
        }
        if let Some(blob) = part.inline_data.as_ref().filter(|_| !part.is_thought()) {
            self.media(blob, sink);
        }
        if let Some(code) = &part.executable_code {
            self.run(code, sink);
        }
        if let Some(result) = &part.code_execution_result {
            self.ran(result, sink);
        }
        if part.file_data.is_some() || part.function_response.is_some() {
            self.warn(Warning::UnknownPart);
        }
    }

    fn say(&mut self, text: &str, sink: &mut impl Sink) {
        self.said = true;
        if self.encoding.json_mode {
            let text = self.fence.push(text).into_owned();
            self.write(&text, sink);
        } else {
            self.write(text, sink);
        }
    }

    fn write(&mut self, text: &str, sink: &mut impl Sink) {
        if text.is_empty() {
            return;
        }
        if self.open != Some(Open::Text) {
            self.close(sink);
            sink.start(self.index, &Block::Text { text: "" });
            self.open = Some(Open::Text);
        }
        sink.delta(self.index, &Delta::TextDelta { text });
    }

    fn think(&mut self, text: &str, sink: &mut impl Sink) {
        self.thought = true;
        if self.encoding.show_thoughts {
            self.open_thought(sink);
            sink.delta(self.index, &Delta::ThinkingDelta { thinking: text });
        }
    }

    fn open_thought(&mut self, sink: &mut impl Sink) {
        if !matches!(self.open, Some(Open::Thinking { .. })) {
            self.close(sink);
            sink.start(self.index, &Block::Thinking { thinking: "", signature: "" });
            self.open = Some(Open::Thinking { signed: false });
        }
    }

    /// Puts a call's signature where the client will send it back from: on the thought that is open, else on one of its own,
    /// if the client knows thoughts at all. The vault knows it besides.
    fn sign(&mut self, signature: &str, sink: &mut impl Sink) {
        let open = matches!(self.open, Some(Open::Thinking { signed: false }));
        if !open && !self.encoding.signed {
            return;
        }
        self.open_thought(sink);
        let signature = envelope::seal(signature);
        sink.delta(self.index, &Delta::SignatureDelta { signature: &signature });
        self.open = Some(Open::Thinking { signed: true });
    }

    /// Closes the block that is open.
    fn close(&mut self, sink: &mut impl Sink) {
        match self.open.take() {
            None => return,
            Some(Open::Thinking { signed: false }) => {
                // Clients want a string, and send it back.
                let signature = envelope::seal("");
                sink.delta(self.index, &Delta::SignatureDelta { signature: &signature });
            }
            Some(Open::Thinking { signed: true } | Open::Text) => {}
        }
        sink.stop(self.index);
        self.index += 1;
    }

    /// A block that is there at once.
    fn block(&mut self, block: &Block<'_>, input: Option<&str>, sink: &mut impl Sink) {
        self.close(sink);
        sink.start(self.index, block);
        if let Some(partial_json) = input {
            sink.delta(self.index, &Delta::InputJsonDelta { partial_json });
        }
        sink.stop(self.index);
        self.index += 1;
    }

    fn media(&mut self, blob: &Blob, sink: &mut impl Sink) {
        let mime = blob.mime_type.as_deref().unwrap_or_default();
        let shown =
            mime.starts_with("image/") && self.encoding.images_as_markdown && !self.encoding.json_mode;
        if !shown {
            return self.warn(Warning::UnknownPart);
        }
        self.said = true;
        let data = blob.data.as_deref().unwrap_or_default().replace('-', "+").replace('_', "/");
        let gap = if self.open == Some(Open::Text) { "\n\n" } else { "" };
        self.write(&format!("{gap}![image](data:{mime};base64,{data})"), sink);
    }

    /// Another upstream call goes on with the answer: its usage and its sources count anew.
    pub(super) fn next_hop(&mut self) {
        self.tally.absorb_hop();
        self.hop.chunk = metadata::chunks(self.grounding.as_ref()).len();
        self.finish = None;
    }

    /// The answer is over: closes what is open and says why it ended.
    pub(super) fn end(&mut self, sink: &mut impl Sink) -> &'static str {
        if let Some(call) = self.assembly.finish() {
            self.call(call, sink);
        }
        let rest = self.fence.finish();
        self.write(&rest, sink);
        self.cite(sink);
        self.close(sink);
        self.show_search(sink);
        let produced = Produced { calls: self.calls > 0, content: self.said };
        if !self.blocked && produced == Produced::default() && !self.thought {
            self.warn(Warning::EmptyAnswer);
        }
        match finish::finish_reason(self.finish, produced) {
            _ if self.blocked && self.finish.is_none() => "refusal",
            "length" => "max_tokens",
            "content_filter" => "refusal",
            "tool_calls" => "tool_use",
            _ => "end_turn",
        }
    }

    /// Tokens, and searches if any.
    pub(super) fn usage(&self) -> Usage {
        let searches = if self.encoding.web_search { self.queries().len() } else { 0 };
        Usage::of(&self.tally, searches)
    }

    fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}
