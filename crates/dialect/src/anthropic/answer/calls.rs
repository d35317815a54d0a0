//! Function calls as `tool_use`, and code that Google ran.

use serde_json::{Value, json};

use super::{Answer, Block, Sink};
use crate::gemini::content::{CodeExecutionResult, ExecutableCode};
use crate::openai::chat::Remembered;
use crate::openai::chat::partial::Whole;
use crate::openai::chat::warning::Warning;

const CODE_EXECUTION: &str = "code_execution";

impl Answer {
    pub(super) fn call(&mut self, whole: Whole, sink: &mut impl Sink) {
        if self.encoding.single_tool_call && self.calls > 0 {
            return self.warn(Warning::CallsDropped);
        }
        self.calls += 1;
        let Whole { call, signature } = whole;
        let signature = signature.filter(|signature| !signature.is_empty());
        if let Some(signature) = &signature {
            self.sign(signature, sink);
        }
        let gemini_name = call.name.unwrap_or_default();
        let name = self.encoding.renamed_tools.get(&gemini_name).unwrap_or(&gemini_name).clone();
        // Always made: Anthropic's ids have an alphabet of their own.
        let id = self.ids.made("toolu_");
        let input = call.args.filter(Value::is_object).unwrap_or_else(|| json!({})).to_string();
        self.block(&Block::ToolUse { id: &id, name: &name, input: json!({}) }, Some(&input), sink);
        let gemini_id = call.id.filter(|id| !id.is_empty());
        self.remembered.push(Remembered { public_id: id, gemini_id, name: gemini_name, signature });
    }

    pub(super) fn run(&mut self, code: &ExecutableCode, sink: &mut impl Sink) {
        self.said = true;
        let id = self.ids.made("srvtoolu_");
        let input = json!({ "code": code.code.as_deref().unwrap_or_default() }).to_string();
        let block = Block::ServerToolUse { id: &id, name: CODE_EXECUTION, input: json!({}) };
        self.block(&block, Some(&input), sink);
        self.running = Some(id);
    }

    pub(super) fn ran(&mut self, ran: &CodeExecutionResult, sink: &mut impl Sink) {
        self.said = true;
        let id = self.running.take().unwrap_or_else(|| self.ids.made("srvtoolu_"));
        let output = ran.output.as_deref().unwrap_or_default();
        let failed = match &ran.outcome {
            Some(Value::String(name)) => name == "OUTCOME_FAILED" || name == "OUTCOME_DEADLINE_EXCEEDED",
            Some(Value::Number(number)) => number.as_u64().is_some_and(|number| number > 1),
            _ => false,
        };
        let (stdout, stderr) = if failed { ("", output) } else { (output, "") };
        let content = json!({
            "type": "code_execution_result", "stdout": stdout, "stderr": stderr, "return_code": i32::from(failed), "content": [],
        });
        self.block(&Block::CodeExecutionToolResult { tool_use_id: &id, content }, None, sink);
    }
}
