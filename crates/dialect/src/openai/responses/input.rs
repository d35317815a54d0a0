//! `instructions` and `input` as messages of a chat.

use serde_json::{Map, Value, json};

use crate::openai::error::ApiError;

/// What was made of `input`: messages, and where each came from.
type Said = (Vec<Value>, Vec<Option<usize>>);

/// Items that Gemini has no place for and whose outcome the messages tell anyway.
const DROPPED: [&str; 9] = [
    "reasoning",
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
    "mcp_list_tools",
    "compaction",
    "compaction_trigger",
];

/// Takes `instructions` and `input` out of the body.
pub(super) fn messages(body: &mut Map<String, Value>) -> Result<Said, ApiError> {
    let mut said = (Vec::new(), Vec::new());
    match body.remove("instructions") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => push(&mut said, None, json!({ "role": "system", "content": text })),
        Some(_) => return Err(ApiError::value("instructions", "expected a string.")),
    }
    match body.remove("input") {
        None | Some(Value::Null) => {
            return Err(ApiError::missing("input", "Send a text or a list of items."));
        }
        Some(Value::String(text)) => push(&mut said, Some(0), json!({ "role": "user", "content": text })),
        Some(Value::Array(items)) => {
            for (at, item) in items.into_iter().enumerate() {
                take(&mut said, at, item)?;
            }
        }
        Some(_) => return Err(ApiError::value("input", "expected a string or a list of items.")),
    }
    let empty = said.1.iter().all(Option::is_none);
    if empty {
        Err(ApiError::value("input", "there is no message in it; send at least one."))
    } else {
        Ok(said)
    }
}

fn take(said: &mut Said, at: usize, item: Value) -> Result<(), ApiError> {
    let path = format!("input[{at}]");
    let Value::Object(mut item) = item else {
        return Err(ApiError::value(path, "expected an object with `type`."));
    };
    let kind = item.remove("type");
    match kind.as_ref().and_then(Value::as_str) {
        None | Some("message") => {
            item.remove("status");
            item.remove("id");
            push(said, Some(at), Value::Object(item));
        }
        Some("function_call") => {
            let function = json!({ "name": item.remove("name"), "arguments": item.remove("arguments") });
            called(said, at, &mut item, ("function", function));
        }
        Some("custom_tool_call") => {
            let custom = json!({ "name": item.remove("name"), "input": item.remove("input") });
            called(said, at, &mut item, ("custom", custom));
        }
        Some("function_call_output" | "custom_tool_call_output") => {
            let (id, content) = (item.remove("call_id"), item.remove("output"));
            push(said, Some(at), json!({ "role": "tool", "tool_call_id": id, "content": content }));
        }
        Some("item_reference") => {
            return Err(ApiError::unsupported(path, "this gateway keeps no items. Send the item itself."));
        }
        Some(kind) if DROPPED.contains(&kind) => {}
        Some(other) => {
            let reason = format!(
                "unknown item type {other:?}. Use message, function_call, function_call_output, custom_tool_call, \
                 custom_tool_call_output or reasoning."
            );
            return Err(ApiError::value(format!("{path}.type"), reason));
        }
    }
    Ok(())
}

/// A call belongs to the message of the assistant before it, if there is one.
fn called(said: &mut Said, at: usize, item: &mut Map<String, Value>, (kind, inner): (&str, Value)) {
    let id = item.remove("call_id").or_else(|| item.remove("id"));
    let call = json!({ "id": id, "type": kind, kind: inner, "extra_content": item.remove("extra_content") });
    if said.0.last().is_none_or(|last| last["role"] != "assistant") {
        push(said, Some(at), json!({ "role": "assistant", "content": null }));
    }
    if let Some(Value::Object(last)) = said.0.last_mut()
        && let Value::Array(calls) = last.entry("tool_calls").or_insert_with(|| json!([]))
    {
        calls.push(call);
    }
}

fn push(said: &mut Said, origin: Option<usize>, message: Value) {
    said.0.push(message);
    said.1.push(origin);
}
