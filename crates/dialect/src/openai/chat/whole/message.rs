//! The message of a whole answer, put together from pieces.

use base64::Engine;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use serde::Serialize;

use crate::openai::chat::choice::{Call, Sink};
use crate::openai::chat::shape::{Annotation, Audio, Extras, Function, Image, Logprobs, ToolCall, null};

/// Google pads or not as it pleases.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The pieces so far.
#[derive(Debug, Default)]
pub(super) struct Message {
    content: String,
    reasoning: String,
    tool_calls: Vec<ToolCall>,
    function_call: Option<Function>,
    images: Vec<Image>,
    audio: Option<Audio>,
    sound: Vec<u8>,
    logprobs: Option<Logprobs>,
}

/// `choices[].message`.
#[derive(Serialize)]
pub(super) struct Body {
    role: &'static str,
    content: Option<String>,
    #[serde(serialize_with = "null")]
    refusal: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<Function>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<Audio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotations: Option<Vec<Annotation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extra_content: Option<Extras>,
}

impl Sink for Message {
    fn content(&mut self, text: &str) {
        self.content.push_str(text);
    }

    fn reasoning(&mut self, text: &str) {
        self.reasoning.push_str(text);
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::Tool(call) => self.tool_calls.push(ToolCall { index: None, ..call }),
            Call::Legacy(function) => self.function_call = Some(function),
        }
    }

    fn image(&mut self, image: Image) {
        self.images.push(image);
    }

    /// Sounds are joined as bytes: their base64 ends in padding, which may not stand in the middle.
    fn audio(&mut self, audio: Audio) {
        self.sound.extend(LENIENT.decode(&audio.data).unwrap_or_default());
        self.audio.get_or_insert(Audio { data: String::new(), ..audio });
    }

    fn logprobs(&mut self, logprobs: Logprobs) {
        match &mut self.logprobs {
            Some(known) => known.content.extend(logprobs.content),
            None => self.logprobs = Some(logprobs),
        }
    }
}

impl Message {
    pub(super) fn take_logprobs(&mut self) -> Option<Logprobs> {
        self.logprobs.take()
    }

    /// `content` is null where something else stands in its place, else a string.
    pub(super) fn body(self, filtered: bool) -> Body {
        let Self { content, reasoning, tool_calls, function_call, images, audio, sound, logprobs: _ } = self;
        let instead = filtered || !tool_calls.is_empty() || function_call.is_some() || audio.is_some();
        let reasoning = (!reasoning.is_empty()).then_some(reasoning);
        Body {
            role: "assistant",
            content: (!(content.is_empty() && instead)).then_some(content),
            refusal: (),
            reasoning_content: reasoning.clone(),
            reasoning,
            tool_calls,
            function_call,
            images,
            audio: audio.map(|audio| Audio { data: LENIENT.encode(sound), ..audio }),
            annotations: None,
            extra_content: None,
        }
    }
}
