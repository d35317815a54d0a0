//! The body of `generateContent` and `streamGenerateContent`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content::{Content, Extra};
use super::lenient::{integer, one_or_many};

/// A request (`wire.md` §2.2). Translators build it from a whitelist: an unknown name is a 400 upstream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerateContentRequest {
    /// The conversation.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub contents: Option<Vec<Content>>,
    /// What the operator of the conversation says.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "system_instruction")]
    pub system_instruction: Option<Content>,
    /// Functions and built-in tools: all functions in one entry, each built-in in its own.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    pub tools: Option<Vec<Tool>>,
    /// How tools may be used.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "tool_config")]
    pub tool_config: Option<ToolConfig>,
    /// Safety thresholds, at most one for each category.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "safety_settings")]
    pub safety_settings: Option<Vec<Value>>,
    /// Sampling, format, thinking.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "generation_config")]
    pub generation_config: Option<GenerationConfig>,
    /// `cachedContents/…`, bound to a project.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "cached_content")]
    pub cached_content: Option<String>,
    /// `flex`, `standard` or `priority`.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "service_tier")]
    pub service_tier: Option<String>,
    /// Overrides the project's logging; new paid projects default to true (`wire.md` §1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<bool>,
    /// Resumes a long decode (`wire.md` §6.6).
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "continuation_token")]
    pub continuation_token: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One entry of `tools`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// Functions that the client runs.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "function_declarations",
        deserialize_with = "one_or_many"
    )]
    pub function_declarations: Option<Vec<FunctionDeclaration>>,
    /// Built-in tools by their wire name: `googleSearch`, `urlContext`, `codeExecution`, …
    #[serde(flatten)]
    pub extra: Extra,
}

/// A function that the client runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionDeclaration {
    /// Letters, digits, `_ . : -`, at most 128, starting with a letter or `_`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Arguments as JSON Schema; excludes `parameters` (kept in `extra`).
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "parameters_json_schema")]
    pub parameters_json_schema: Option<Value>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How tools may be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolConfig {
    /// Whether and which functions to call.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "function_calling_config")]
    pub function_calling_config: Option<FunctionCallingConfig>,
    /// `retrievalConfig`, `includeServerSideToolInvocations`, …
    #[serde(flatten)]
    pub extra: Extra,
}

/// Whether and which functions to call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionCallingConfig {
    /// `AUTO`, `ANY`, `NONE` or `VALIDATED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Legal only with `ANY` and `VALIDATED`.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "allowed_function_names")]
    pub allowed_function_names: Option<Vec<String>>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Sampling, format, thinking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerationConfig {
    /// 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Value>,
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "top_p")]
    pub top_p: Option<Value>,
    /// At least 1.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "top_k")]
    pub top_k: Option<Value>,
    /// How many answers.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "candidate_count",
        deserialize_with = "integer"
    )]
    pub candidate_count: Option<u32>,
    /// Thoughts and answer together.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "max_output_tokens",
        deserialize_with = "integer"
    )]
    pub max_output_tokens: Option<u64>,
    /// At most five.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "stop_sequences")]
    pub stop_sequences: Option<Vec<String>>,
    /// `text/plain`, `application/json` or `text/x.enum`.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "response_mime_type")]
    pub response_mime_type: Option<String>,
    /// The shape of the answer as JSON Schema; excludes `responseSchema` (kept in `extra`).
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "response_json_schema")]
    pub response_json_schema: Option<Value>,
    /// How much and whether visibly to think.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "thinking_config")]
    pub thinking_config: Option<ThinkingConfig>,
    /// `seed`, penalties, `responseModalities`, `speechConfig`, `mediaResolution`, `responseLogprobs`, …
    #[serde(flatten)]
    pub extra: Extra,
}

/// How much and whether visibly to think. Level and budget together are a 400.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThinkingConfig {
    /// Ask for thought summaries.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "include_thoughts")]
    pub include_thoughts: Option<bool>,
    /// Tokens: −1 dynamic, 0 off, else the budget (2.5 family).
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "thinking_budget",
        deserialize_with = "integer"
    )]
    pub thinking_budget: Option<i64>,
    /// `MINIMAL`, `LOW`, `MEDIUM`, `HIGH`, `XHIGH` (3 and newer).
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "thinking_level")]
    pub thinking_level: Option<String>,
    /// What we do not know.
    #[serde(flatten)]
    pub extra: Extra,
}
