//! The Anthropic dialect: Messages, both directions (`wire.md` §12).
//!
//! A request is read into the same conversation that Chat Completions is read into: what a model can do, which schemas
//! Gemini takes and how tool calls find their results is decided once. What is Anthropic's own, blocks, events, signatures
//! and errors, is here.

mod answer;
mod envelope;
pub mod error;
pub mod models;
pub mod request;
pub mod stream;
mod usage;
pub mod whole;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::gemini::request::GenerateContentRequest;
use crate::openai::chat::translate::{self, Context};
use crate::openai::chat::{self, Hints};
use crate::openai::error::ApiError;

use self::request::MessagesRequest;

/// A request in Gemini's words, and what else came of it.
#[derive(Clone, Debug)]
pub struct Translated {
    /// What to send.
    pub request: GenerateContentRequest,
    /// What the answer side has to know.
    pub encoding: Encoding,
    /// Names of parameters that were dropped, for `x-pollux-ignored-params`.
    pub ignored: Vec<String>,
    /// Things that bind the call to a project or a user.
    pub hints: Hints,
}

/// What the answer side has to know about the request.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Encoding {
    /// The model name the client asked for; echoed.
    pub model: String,
    /// Whether thoughts are shown.
    pub show_thoughts: bool,
    /// Whether thinking was asked for: then signatures travel in blocks of their own where no thought is open.
    pub signed: bool,
    /// Whether JSON was asked for: a Markdown fence around it is stripped.
    pub json_mode: bool,
    /// Names Gemini knows → names the client knows, where they differ.
    pub renamed_tools: HashMap<String, String>,
    /// Keep only the first call of a reply (`disable_parallel_tool_use`).
    pub single_tool_call: bool,
    /// Put images into the text as Markdown; Anthropic has no block for them.
    pub images_as_markdown: bool,
    /// The client declared the web search tool: it wants to see what was found.
    pub web_search: bool,
    /// The prompt's tokens as estimated, for the head of a stream: Google counts them later.
    pub estimated_input: u64,
}

/// Says the request in Gemini's words.
pub fn to_gemini(request: MessagesRequest, context: &Context<'_>) -> Result<Translated, ApiError> {
    let MessagesRequest { chat, signed, web_search } = request;
    let done = translate::to_gemini(chat, context).map_err(renamed)?;
    let chat::Translated { request, encoding, ignored, hints } = done;
    let encoding = Encoding {
        model: encoding.model,
        show_thoughts: encoding.show_thoughts,
        signed,
        json_mode: encoding.json_mode,
        renamed_tools: encoding.renamed_tools,
        single_tool_call: encoding.single_tool_call,
        images_as_markdown: encoding.images_as_markdown,
        web_search,
        estimated_input: 0,
    };
    let ignored = ignored.into_iter().map(|name| own_name(&name).map_or(name, str::to_owned));
    Ok(Translated { request, encoding, ignored: ignored.collect(), hints })
}

/// The one field that the shared translation knows by another name.
fn own_name(name: &str) -> Option<&'static str> {
    (name == "response_format").then_some("output_config.format")
}

fn renamed(mut error: ApiError) -> ApiError {
    if let Some((theirs, ours)) = error.param.clone().and_then(|param| Some((own_name(&param)?, param))) {
        error.message = error.message.replacen(&ours, theirs, 1);
        error.param = Some(theirs.to_owned());
    }
    error
}
