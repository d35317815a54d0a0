//! What a model can do: the catalogue, a data file, and the record every translation decision reads.
//!
//! Decisions follow the *effective* model: an alias and a reroute that is in force are resolved first
//! (`wire.md` §1.4, §3.1). An unknown `gemini-*` is treated as the newest generation.

use serde::{Deserialize, Serialize};

mod catalogue;
mod price;
mod raw;
#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, Kind, Limits, Model, Rates, Reroute, Resolved};
pub use price::{LongPrice, Metered, Price, Tier};
pub use raw::CatalogueError;

/// What a model can do (`wire.md` §3.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each read by its name")]
pub struct Capabilities {
    /// The generation, which fixes most defaults.
    pub family: Family,
    /// Prompt tokens at most.
    pub input_limit: u64,
    /// Tokens of one answer at most, thoughts included.
    pub output_limit: u64,
    /// How thinking is controlled.
    pub thinking: Thinking,
    /// What happens to `temperature`, `topP` and `topK`.
    pub sampling: Sampling,
    /// Whether non-zero penalties are accepted.
    pub penalties: bool,
    /// Whether `responseLogprobs` is accepted.
    pub logprobs: bool,
    /// The largest `candidateCount`.
    pub max_candidates: u32,
    /// Whether function-call ids travel (Gemini 3 and newer) or are stripped.
    pub function_ids: bool,
    /// Whether functions and built-in tools may be mixed.
    pub mixed_tools: bool,
    /// Whether `functionResponse.parts` may hold media.
    pub multimodal_tool_results: bool,
    /// Whether JSON mode and functions may be combined.
    pub json_with_tools: bool,
    /// Whether `systemInstruction` is accepted; else it is folded into the first user turn.
    pub system_instruction: bool,
    /// Whether `mediaResolution` is set on the part (3 and newer) or on the request.
    pub part_media_resolution: bool,
    /// Whether the first function call of a step must carry a thought signature.
    pub signatures_required: bool,
    /// Whether an answer may go on over several requests (`wire.md` §6.6).
    pub long_decode: bool,
    /// What it can produce besides text.
    pub output: Vec<Modality>,
}

/// A generation or kind of model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names explain themselves")]
pub enum Family {
    Gen2,
    Gen25,
    Gen3,
    Gen4,
    Gemma,
    Image,
    Speech,
    Embedding,
    Other,
}

/// What a model produces besides text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names explain themselves")]
pub enum Modality {
    Image,
    Audio,
}

/// How thinking is controlled (`wire.md` §5.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Thinking {
    /// Any `thinkingConfig` is a 400.
    None,
    /// By a number of tokens.
    Budget {
        /// Smallest positive budget.
        min: i64,
        /// Largest budget.
        max: i64,
        /// Whether 0 switches thinking off.
        can_zero: bool,
    },
    /// By a level.
    Level {
        /// The levels it accepts, ascending.
        levels: Vec<Level>,
        /// What the model does when nothing is sent, if known.
        #[serde(default)]
        default: Option<Level>,
    },
}

/// A thinking level, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are Google's own")]
pub enum Level {
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
}

impl Level {
    /// The level on the wire: `MINIMAL`, …
    pub fn wire(self) -> &'static str {
        match self {
            Self::Minimal => "MINIMAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Xhigh => "XHIGH",
        }
    }

    /// Reads the wire name, whatever its case; also with Google's longer prefix `THINKING_LEVEL_`.
    pub fn from_wire(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        Some(match name.strip_prefix("THINKING_LEVEL_").unwrap_or(&name) {
            "MINIMAL" => Self::Minimal,
            "LOW" => Self::Low,
            "MEDIUM" => Self::Medium,
            "HIGH" => Self::High,
            "XHIGH" => Self::Xhigh,
            _ => return None,
        })
    }
}

/// What happens to `temperature`, `topP` and `topK` (`wire.md` §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Sampling parameters work.
    Honoured,
    /// Accepted without effect, to become a 400 one day: not sent.
    Ignored,
}
