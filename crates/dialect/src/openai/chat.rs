//! Chat Completions, both directions (`wire.md` §4–§7).
//!
//! A request becomes a [`Translated`]; the answer is written by [`whole::completion`] or, event by event, by
//! [`stream::Encoder`]. What the answer side has to know about the request travels in [`Encoding`].

mod annotation;
pub(in crate::openai) mod answer;
pub(in crate::openai) mod choice;
pub(crate) mod fence;
pub(crate) mod finish;
pub(crate) mod ids;
mod logprobs;
pub(crate) mod partial;
pub mod request;
pub(in crate::openai) mod shape;
pub mod stream;
pub mod translate;
pub(in crate::openai) mod usage;
pub mod warning;
pub mod whole;

use std::collections::HashMap;

use crate::gemini::request::GenerateContentRequest;

/// A tool call as the gateway remembers it, so that clients which drop unknown fields still work
/// (`wire.md` §4.6).
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Remembered {
    /// The id the client knows the call by.
    pub public_id: String,
    /// Gemini's own id of the call, if it gave one.
    pub gemini_id: Option<String>,
    /// The function's name as Gemini knows it.
    pub name: String,
    /// The thought signature on the call, if there was one.
    pub signature: Option<String>,
}

/// What the operator decided about translation. Defaults are the recommended ones of `wire.md`.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Policy {
    /// Every ignored parameter becomes a rejection.
    pub strict_params: bool,
    /// Every rejected parameter is ignored (per user).
    pub drop_params: bool,
    /// Ask for thought summaries when the request does not say.
    pub expose_reasoning: bool,
    /// Thinking when the request does not say; `None` leaves it to the model.
    pub default_thinking_budget: Option<i64>,
    /// Put images of the answer into `content` as Markdown besides `images`.
    pub images_as_markdown: bool,
    /// Show executed code and its output in `content`.
    pub show_code_execution: bool,
    /// Append the list of sources to `content`.
    pub append_sources: bool,
    /// Allow `store: true`.
    pub allow_store: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            strict_params: false,
            drop_params: false,
            expose_reasoning: true,
            default_thinking_budget: None,
            images_as_markdown: true,
            show_code_execution: true,
            append_sources: false,
            allow_store: false,
        }
    }
}

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

/// Things that bind a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hints {
    /// `prompt_cache_key`, if given.
    pub cache_key: Option<String>,
    /// Public ids of tool calls in the current turn: their project should serve this call too.
    pub open_calls: Vec<String>,
    /// `user` or `safety_identifier`: the client's own end user.
    pub end_user: Option<String>,
    /// `files/…` and `cachedContents/…` the request names; their owner must serve it.
    pub resources: Vec<String>,
}

/// What the answer side has to know about the request.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Encoding {
    /// The model name the client asked for; echoed.
    pub model: String,
    /// Whether the last chunk carries usage.
    pub include_usage: bool,
    /// Whether thoughts are shown.
    pub show_thoughts: bool,
    /// Whether JSON was asked for: a Markdown fence around it is stripped.
    pub json_mode: bool,
    /// Names Gemini knows → names the client knows, where they differ.
    pub renamed_tools: HashMap<String, String>,
    /// Client names of freeform (`custom`) tools.
    pub custom_tools: Vec<String>,
    /// The client asked for the legacy `functions` form.
    pub legacy_functions: bool,
    /// Keep only the first call of a reply (`parallel_tool_calls: false`).
    pub single_tool_call: bool,
    /// Put images into `content` as Markdown besides `images`.
    pub images_as_markdown: bool,
    /// Show executed code and its output in `content`.
    pub show_code_execution: bool,
    /// Append the list of sources to `content`.
    pub append_sources: bool,
}

/// What changes from call to call and cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Unix seconds for `created`.
    pub created: i64,
    /// Seeds completion and tool-call ids; unique per call.
    pub seed: u128,
}
