//! Token counts: what Google reports, and the last-seen rule for streams.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content::Extra;
use super::lenient::integer;

mod modalities;
mod tally;

pub use modalities::Modalities;
pub use tally::UsageTally;

/// Token counts as reported (`wire.md` §2.5). In a stream they are running values, not increments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageMetadata {
    /// Includes cached tokens.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "integer")]
    pub prompt_token_count: Option<u64>,
    /// Of the prompt, served from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "integer")]
    pub cached_content_token_count: Option<u64>,
    /// Normally without thoughts.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "integer")]
    pub candidates_token_count: Option<u64>,
    /// Spent on thinking.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "integer")]
    pub thoughts_token_count: Option<u64>,
    /// Results of built-in tools that went back into the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "integer")]
    pub tool_use_prompt_token_count: Option<u64>,
    /// Everything together.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "integer")]
    pub total_token_count: Option<u64>,
    /// The prompt by modality: `[{modality, tokenCount}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<Value>,
    /// The answer by modality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates_tokens_details: Option<Value>,
    /// The tier that served the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a call really used, in the sense both we and OpenAI count it: thoughts are part of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Prompt and tool-use prompt, cached ones included.
    pub input: u64,
    /// Of the input, served from a cache.
    pub cached: u64,
    /// Answer and thoughts.
    pub output: u64,
    /// Of the output, spent on thinking.
    pub thoughts: u64,
    /// Everything, as Google sums it up where it does.
    pub total: u64,
}

impl UsageMetadata {
    /// What it amounts to (`wire.md` §6.5).
    pub fn tokens(&self) -> Tokens {
        let input = self
            .prompt_token_count
            .unwrap_or(0)
            .saturating_add(self.tool_use_prompt_token_count.unwrap_or(0));
        let (answer, thoughts) =
            (self.candidates_token_count.unwrap_or(0), self.thoughts_token_count.unwrap_or(0));
        let output = if self.counts_thoughts_twice() { answer } else { answer.saturating_add(thoughts) };
        Tokens {
            input,
            cached: self.cached_content_token_count.unwrap_or(0).min(input),
            output,
            thoughts: thoughts.min(output),
            total: self.total_token_count.unwrap_or(input.saturating_add(output)),
        }
    }

    /// The prompt by modality; `None` if Google gave no list.
    pub fn prompt_modalities(&self) -> Option<Modalities> {
        self.prompt_tokens_details.as_ref().and_then(Modalities::read)
    }

    /// The answer by modality; `None` if Google gave no list.
    pub fn candidates_modalities(&self) -> Option<Modalities> {
        self.candidates_tokens_details.as_ref().and_then(Modalities::read)
    }

    /// Some models count thoughts into `candidatesTokenCount`: seen by the total being right without them.
    fn counts_thoughts_twice(&self) -> bool {
        let counts = [self.prompt_token_count, self.tool_use_prompt_token_count, self.candidates_token_count];
        let without = counts.into_iter().flatten().fold(0, u64::saturating_add);
        self.thoughts_token_count.unwrap_or(0) > 0
            && self.candidates_token_count.is_some()
            && self.total_token_count == Some(without)
    }
}
