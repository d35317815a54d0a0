//! Content blocks and their deltas as they are on the wire.

use serde::Serialize;
use serde_json::Value;

/// A block as it begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::anthropic) enum Block<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str, signature: &'a str },
    ToolUse { id: &'a str, name: &'a str, input: Value },
    ServerToolUse { id: &'a str, name: &'a str, input: Value },
    WebSearchToolResult { tool_use_id: &'a str, content: Value },
    CodeExecutionToolResult { tool_use_id: &'a str, content: Value },
}

/// What is new in a block.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the names are Anthropic's own")]
pub(in crate::anthropic) enum Delta<'a> {
    TextDelta { text: &'a str },
    ThinkingDelta { thinking: &'a str },
    SignatureDelta { signature: &'a str },
    InputJsonDelta { partial_json: &'a str },
    CitationsDelta { citation: Value },
}
