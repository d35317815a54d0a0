//! Token counts in Anthropic's words (`wire.md` §12): what came from a cache is not part of the input.

use serde::Serialize;

use crate::gemini::usage::{Tokens, UsageTally};

/// `usage`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Usage {
    pub(super) input_tokens: u64,
    /// Google's implicit caches cost nothing to make.
    pub(super) cache_creation_input_tokens: u64,
    pub(super) cache_read_input_tokens: u64,
    pub(super) output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_tokens_details: Option<OutputDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server_tool_use: Option<ServerToolUse>,
}

/// `usage.output_tokens_details`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct OutputDetails {
    pub(super) thinking_tokens: u64,
}

/// `usage.server_tool_use`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ServerToolUse {
    pub(super) web_search_requests: usize,
}

impl Usage {
    /// What a tally comes to; zeros if Google never said a number.
    pub(super) fn of(tally: &UsageTally, searches: usize) -> Self {
        let Tokens { input, cached, output, thoughts, total: _ } = tally.shown().tokens();
        Self {
            input_tokens: input.saturating_sub(cached),
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: cached,
            output_tokens: output,
            output_tokens_details: (thoughts > 0).then_some(OutputDetails { thinking_tokens: thoughts }),
            server_tool_use: (searches > 0).then_some(ServerToolUse { web_search_requests: searches }),
        }
    }

    /// For the head of a stream: the prompt if Google has counted it, else as estimated.
    pub(super) fn at_start(tally: &UsageTally, estimated: u64) -> Self {
        let known = Self::of(tally, 0);
        let counted = known.input_tokens > 0 || known.cache_read_input_tokens > 0;
        let input_tokens = if counted { known.input_tokens } else { estimated };
        Self {
            input_tokens,
            cache_read_input_tokens: known.cache_read_input_tokens,
            output_tokens: 1,
            ..Self::default()
        }
    }
}
