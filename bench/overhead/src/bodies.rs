//! What is asked and answered: fixed texts, the same for everybody.

use base64::Engine;
use serde_json::{Value, json};

/// The model that is asked for.
const MODEL: &str = "gemini-3.8-flash";
/// What is said.
const QUESTION: &str = "What is the capital of France, and since when? Answer in two sentences.";
const ANSWER: &str = "Paris is the capital of France. It has been, with interruptions, since the end of the tenth \
                      century, when Hugh Capet made it the seat of his kingdom.";

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// OpenAI's chat completions.
    Chat,
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini itself.
    Native,
}

/// What kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A short question.
    Small,
    /// A question with an image of 1 MB.
    Image,
    /// 64 tools and 40 messages.
    Tools,
}

impl Surface {
    /// The path of a call.
    pub(crate) fn path(self, streamed: bool) -> &'static str {
        match (self, streamed) {
            (Self::Chat, false) => "/v1/chat/completions",
            // The upstream behind nginx goes by the path.
            (Self::Chat, true) => "/v1/chat/completions?stream",
            (Self::Responses, _) => "/v1/responses",
            (Self::Anthropic, _) => "/v1/messages",
            (Self::Native, false) => "/v1beta/models/gemini-3.8-flash:generateContent",
            (Self::Native, true) => "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse",
        }
    }

    /// The body of a call.
    pub(crate) fn body(self, shape: Shape, streamed: bool) -> Vec<u8> {
        let body = match (self, shape) {
            (Self::Chat, Shape::Small) => {
                json!({"model": MODEL, "stream": streamed, "messages": [{"role": "user", "content": QUESTION}]})
            }
            (Self::Chat, Shape::Image) => {
                let url = format!("data:image/jpeg;base64,{}", image());
                json!({"model": MODEL, "stream": streamed, "messages": [{"role": "user", "content": [
                    {"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": url}}]}]})
            }
            (Self::Chat, Shape::Tools) => conversation(streamed),
            (Self::Responses, _) => {
                json!({"model": MODEL, "stream": streamed, "store": false, "input": QUESTION})
            }
            (Self::Anthropic, _) => json!({"model": MODEL, "stream": streamed, "max_tokens": 1024,
                "messages": [{"role": "user", "content": QUESTION}]}),
            (Self::Native, Shape::Image) => {
                json!({"contents": [{"role": "user", "parts": [{"text": QUESTION},
                {"inlineData": {"mimeType": "image/jpeg", "data": image()}}]}]})
            }
            (Self::Native, _) => json!({"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]}),
        };
        body.to_string().into_bytes()
    }
}

/// 1 MB that looks like nothing in particular.
fn image() -> String {
    let mut state = 1_u32;
    let bytes: Vec<u8> = (0..750_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn conversation(streamed: bool) -> Value {
    let tools: Vec<Value> = (0..64)
        .map(|n| {
            json!({"type": "function", "function": {"name": format!("tool_{n}"),
                "description": "Looks something up in a table and says what stands there.",
                "parameters": {"type": "object", "required": ["key"], "additionalProperties": false, "properties": {
                    "key": {"type": "string", "description": "What to look up."},
                    "limit": {"type": ["integer", "null"], "minimum": 1, "maximum": 50},
                    "order": {"type": "string", "enum": ["newest", "oldest"]}}}}})
        })
        .collect();
    let messages: Vec<Value> = (0..13)
        .flat_map(|n| {
            let id = format!("call_{n}");
            [
                json!({"role": "user", "content": QUESTION}),
                json!({"role": "assistant", "tool_calls": [{"id": id, "type": "function",
                    "function": {"name": format!("tool_{n}"), "arguments": "{\"key\":\"capital\",\"limit\":3}"}}]}),
                json!({"role": "tool", "tool_call_id": id, "content": ANSWER}),
            ]
        })
        .chain([json!({"role": "user", "content": QUESTION})])
        .collect();
    json!({"model": MODEL, "stream": streamed, "tools": tools, "messages": messages})
}

/// Gemini's whole answer.
pub(crate) fn gemini_whole() -> Vec<u8> {
    gemini(ANSWER, true).to_string().into_bytes()
}

/// One event of Gemini's stream.
pub(crate) fn gemini_event(last: bool) -> Vec<u8> {
    format!("data: {}\r\n\r\n", gemini("Paris is the capital of ", last)).into_bytes()
}

fn gemini(text: &str, last: bool) -> Value {
    let mut body = json!({
        "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}],
        "usageMetadata": {"promptTokenCount": 18, "candidatesTokenCount": 36, "totalTokenCount": 54,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 18}]},
        "modelVersion": MODEL, "responseId": "bench0000000000000000000"});
    if last {
        body["candidates"][0]["finishReason"] = json!("STOP");
    }
    body
}

/// OpenAI's whole answer, for nginx to forward.
pub(crate) fn openai_whole() -> Vec<u8> {
    json!({"id": "chatcmpl-bench", "object": "chat.completion", "created": 1_790_000_000, "model": MODEL,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWER}}],
        "usage": {"prompt_tokens": 18, "completion_tokens": 36, "total_tokens": 54}})
    .to_string()
    .into_bytes()
}

/// One event of OpenAI's stream.
pub(crate) fn openai_event(last: bool) -> Vec<u8> {
    let finish = if last { json!("stop") } else { Value::Null };
    let event = json!({"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_790_000_000,
        "model": MODEL, "choices": [{"index": 0, "finish_reason": finish,
        "delta": {"content": "Paris is the capital of "}}]});
    let end = if last { "data: [DONE]\n\n" } else { "" };
    format!("data: {event}\n\n{end}").into_bytes()
}
