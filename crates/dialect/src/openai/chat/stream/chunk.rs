//! The frames of a stream.

use serde::Serialize;

use super::Ending;
use crate::gemini::usage::UsageTally;
use crate::openai::chat::answer::Envelope;
use crate::openai::chat::choice::{Call, Sink};
use crate::openai::chat::shape::{Annotation, Audio, Extras, Function, Image, Logprobs, ToolCall};
use crate::openai::chat::usage::{Usage, service_tier};

/// What every chunk of a stream begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    id: &'a str,
    model: &'a str,
    created: i64,
    service_tier: Option<&'static str>,
    announces_usage: bool,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    choices: &'a [Choice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Announced>,
}

/// Usage in a stream that promised it: `null` in all chunks but the last.
#[derive(Serialize)]
#[serde(untagged)]
enum Announced {
    Later,
    Now(Usage),
}

#[derive(Serialize)]
struct Choice<'a> {
    index: usize,
    delta: Delta<'a>,
    logprobs: Option<Logprobs>,
    finish_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<Extras>,
}

/// What is new in a message.
#[derive(Debug, Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[ToolCall; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<Function>,
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<[Image; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<Audio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Vec<Annotation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<Extras>,
}

impl<'a> Head<'a> {
    pub(super) fn new(envelope: &'a Envelope, tally: &UsageTally) -> Self {
        Self {
            id: envelope.id.as_deref().unwrap_or_default(),
            model: &envelope.model,
            created: envelope.created,
            service_tier: service_tier(tally),
            announces_usage: envelope.include_usage,
        }
    }

    /// The last chunk: usage and no choice.
    pub(super) fn usage(self, usage: Usage, out: &mut Vec<u8>) {
        self.write(&[], Some(usage), out);
    }

    fn write(self, choices: &[Choice<'_>], usage: Option<Usage>, out: &mut Vec<u8>) {
        let chunk = Chunk {
            id: self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: self.model,
            service_tier: self.service_tier,
            choices,
            usage: self.announces_usage.then(|| usage.map_or(Announced::Later, Announced::Now)),
        };
        let start = out.len();
        out.extend_from_slice(b"data: ");
        match serde_json::to_writer(&mut *out, &chunk) {
            Ok(()) => out.extend_from_slice(b"\n\n"),
            // Cannot happen: keys are strings and a vector takes every byte. Half a frame would be worse than
            // none.
            Err(_) => out.truncate(start),
        }
    }
}

/// Writes the pieces of one choice, a frame each.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    pub(super) head: Head<'a>,
    pub(super) index: usize,
    pub(super) out: &'a mut Vec<u8>,
}

impl Frames<'_> {
    /// A choice begins: the only chunk that has a role.
    pub(super) fn announce(&mut self) {
        self.delta(Delta { role: Some("assistant"), content: Some(""), ..Delta::default() });
    }

    fn delta(&mut self, delta: Delta<'_>) {
        let Self { index, .. } = *self;
        self.choice(Choice { index, delta, logprobs: None, finish_reason: None, extra_content: None });
    }

    fn choice(&mut self, choice: Choice<'_>) {
        self.head.write(&[choice], None, self.out);
    }

    /// What is said once of the message, then the reason.
    pub(super) fn ending(&mut self, ending: Ending) {
        let Ending { finish_reason, mut annotations, message: extra_content, choice } = ending;
        for (place, annotation) in annotations.iter_mut().flatten().enumerate() {
            annotation.index = Some(place);
        }
        if annotations.is_some() || extra_content.is_some() {
            self.delta(Delta { annotations, extra_content, ..Delta::default() });
        }
        self.choice(Choice {
            index: self.index,
            delta: Delta::default(),
            logprobs: None,
            finish_reason: Some(finish_reason),
            extra_content: choice,
        });
    }
}

impl Sink for Frames<'_> {
    fn content(&mut self, text: &str) {
        self.delta(Delta { content: Some(text), ..Delta::default() });
    }

    fn reasoning(&mut self, text: &str) {
        self.delta(Delta { reasoning_content: Some(text), reasoning: Some(text), ..Delta::default() });
    }

    /// Whole in one delta, which is safest for naive clients.
    fn call(&mut self, call: Call) {
        self.delta(match call {
            Call::Tool(call) => Delta { tool_calls: Some([call]), ..Delta::default() },
            Call::Legacy(function) => Delta { function_call: Some(function), ..Delta::default() },
        });
    }

    fn image(&mut self, image: Image) {
        self.delta(Delta { images: Some([image]), ..Delta::default() });
    }

    fn audio(&mut self, audio: Audio) {
        self.delta(Delta { audio: Some(audio), ..Delta::default() });
    }

    fn logprobs(&mut self, logprobs: Logprobs) {
        let Self { index, .. } = *self;
        let delta = Delta::default();
        let logprobs = Some(logprobs);
        self.choice(Choice { index, delta, logprobs, finish_reason: None, extra_content: None });
    }
}
