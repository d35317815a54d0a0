//! Function calls: OpenAI's forms, public ids, what is remembered of them (`wire.md` §4.6, §6.2).

use serde_json::Value;

use super::super::Remembered;
use super::super::partial::Whole;
use super::super::shape::{Custom, Function, Signed, ToolCall};
use super::super::warning::Warning;
use super::{Call, Choice, Notes, Sink};

impl Choice {
    pub(super) fn call(&mut self, whole: Whole, notes: &mut Notes, sink: &mut impl Sink) {
        let only_one = notes.encoding.single_tool_call || notes.encoding.legacy_functions;
        if only_one && self.calls > 0 {
            notes.warn(Warning::CallsDropped);
            return;
        }
        let Whole { call, signature } = whole;
        let gemini_name = call.name.unwrap_or_default();
        let name = notes.encoding.renamed_tools.get(&gemini_name).unwrap_or(&gemini_name).clone();
        let args = call.args.filter(|args| !args.is_null());
        let index = Some(self.calls);
        self.calls += 1;
        if notes.encoding.legacy_functions {
            let extra_content = Signed::maybe(signature.as_ref());
            sink.call(Call::Legacy(Function { name, arguments: arguments(args.as_ref()), extra_content }));
            return;
        }
        let id = notes.ids.call(call.id.as_deref());
        notes.remembered.push(Remembered {
            public_id: id.clone(),
            gemini_id: call.id.filter(|id| !id.is_empty()),
            name: gemini_name,
            signature: signature.clone(),
        });
        let custom = notes.encoding.custom_tools.contains(&name);
        let extra_content = Signed::maybe(signature.as_ref());
        let empty = ToolCall { index, id, r#type: "function", function: None, custom: None, extra_content };
        sink.call(Call::Tool(if custom {
            let custom = Some(Custom { name, input: input(args.as_ref()) });
            ToolCall { r#type: "custom", custom, ..empty }
        } else {
            let function = Some(Function { name, arguments: arguments(args.as_ref()), extra_content: None });
            ToolCall { function, ..empty }
        }));
    }
}

/// Never empty: clients parse it (`gemini-2026-11.md` §5.3).
fn arguments(args: Option<&Value>) -> String {
    args.map_or_else(|| "{}".to_owned(), Value::to_string)
}

/// A freeform tool is declared with one string parameter `input`; a model that strays gives us all it said.
fn input(args: Option<&Value>) -> String {
    match args.map(|args| (args, &args["input"])) {
        None => String::new(),
        Some((_, Value::String(input))) => input.clone(),
        Some((args, _)) => args.to_string(),
    }
}
