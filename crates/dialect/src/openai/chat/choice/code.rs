//! Code that Google ran: fences in `content`, or vendor fields beside it (`wire.md` §6.2).

use serde_json::{Value, json};

use super::{Choice, Notes, Sink};
use crate::gemini::content::{CodeExecutionResult, ExecutableCode};

impl Choice {
    pub(super) fn code(&mut self, code: &ExecutableCode, notes: &Notes, sink: &mut impl Sink) {
        let language = match &code.language {
            Some(Value::String(name)) if !name.ends_with("_UNSPECIFIED") => name.to_lowercase(),
            _ => "python".to_owned(),
        };
        let source = code.code.as_deref().unwrap_or_default();
        if is_shown(notes) {
            self.content.insert(&fenced(&language, source), sink);
        } else {
            self.keep("executable_code", json!({ "language": language, "code": source }));
        }
    }

    pub(super) fn code_result(&mut self, ran: &CodeExecutionResult, notes: &Notes, sink: &mut impl Sink) {
        let output = ran.output.as_deref().unwrap_or_default();
        let trouble = trouble(ran.outcome.as_ref());
        if !is_shown(notes) {
            self.keep(
                "code_execution_result",
                json!({ "outcome": trouble.unwrap_or("ok"), "output": output }),
            );
            return;
        }
        let body = trouble.map_or_else(|| output.to_owned(), |trouble| format!("[{trouble}]\n{output}"));
        self.content.insert(&fenced("output", &body), sink);
    }

    fn keep(&mut self, key: &str, value: Value) {
        let list = self.code.entry(key.to_owned()).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(value);
        }
    }
}

/// Code between JSON would break it.
fn is_shown(notes: &Notes) -> bool {
    notes.encoding.show_code_execution && !notes.encoding.json_mode
}

fn trouble(outcome: Option<&Value>) -> Option<&'static str> {
    match outcome? {
        Value::String(name) if name == "OUTCOME_FAILED" => Some("failed"),
        Value::String(name) if name == "OUTCOME_DEADLINE_EXCEEDED" => Some("deadline exceeded"),
        Value::Number(number) if number.as_u64() == Some(2) => Some("failed"),
        Value::Number(number) if number.as_u64() == Some(3) => Some("deadline exceeded"),
        _ => None,
    }
}

/// A fence longer than any run of backticks inside.
fn fenced(tag: &str, body: &str) -> String {
    let longest = body.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    let line_end = if body.is_empty() || body.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{tag}\n{body}{line_end}{fence}")
}
