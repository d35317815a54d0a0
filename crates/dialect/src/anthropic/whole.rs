//! A whole answer: Gemini's response as a `message` (`wire.md` §12).

use serde_json::{Value, json};

use super::Encoding;
use super::answer::{Answer, Block, Delta, Sink};
use crate::gemini::response::GenerateContentResponse;
use crate::openai::chat::warning::Warning;
use crate::openai::chat::{Remembered, Stamp};

/// A `message` and what else came of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The JSON text.
    pub body: String,
    /// The tool calls in it, for the vault.
    pub remembered: Vec<Remembered>,
    /// What could not be passed on.
    pub warnings: Vec<Warning>,
}

/// Says a whole response in Anthropic's words.
pub fn message(response: &GenerateContentResponse, encoding: &Encoding, stamp: Stamp) -> Message {
    let mut answer = Answer::new(encoding.clone(), stamp);
    let mut blocks = Blocks::default();
    answer.see(response);
    answer.read(response, &mut blocks);
    let stop_reason = answer.end(&mut blocks);
    let body = json!({
        "id": answer.id(), "type": "message", "role": "assistant", "model": encoding.model, "content": blocks.0,
        "stop_reason": stop_reason, "stop_sequence": null, "usage": answer.usage(),
    });
    Message { body: body.to_string(), remembered: answer.remembered, warnings: answer.warnings }
}

/// Puts blocks together as a client does.
#[derive(Debug, Default)]
struct Blocks(Vec<Value>);

impl Blocks {
    fn append(&mut self, name: &str, more: &str) {
        if let Some(Value::String(text)) = self.0.last_mut().and_then(|block| block.get_mut(name)) {
            text.push_str(more);
        }
    }
}

impl Sink for Blocks {
    fn start(&mut self, _: usize, block: &Block<'_>) {
        // Cannot fail: keys are strings.
        self.0.push(serde_json::to_value(block).unwrap_or_default());
    }

    fn delta(&mut self, _: usize, delta: &Delta<'_>) {
        match delta {
            Delta::TextDelta { text } => self.append("text", text),
            Delta::ThinkingDelta { thinking } => self.append("thinking", thinking),
            Delta::SignatureDelta { signature } => self.append("signature", signature),
            Delta::InputJsonDelta { partial_json } => {
                if let Some(Value::Object(block)) = self.0.last_mut() {
                    let input = serde_json::from_str(partial_json).unwrap_or_else(|_| json!({}));
                    block.insert("input".to_owned(), input);
                }
            }
            Delta::CitationsDelta { citation } => {
                if let Some(Value::Object(block)) = self.0.last_mut()
                    && let Value::Array(all) = block.entry("citations").or_insert_with(|| json!([]))
                {
                    all.push(citation.clone());
                }
            }
        }
    }

    fn stop(&mut self, _: usize) {}
}
