//! What a client sends to `POST /v1/responses`, in the words of Chat Completions.

use serde_json::{Map, Value, json};

use super::input;
use crate::openai::chat::request::{ChatRequest, json as read_json};
use crate::openai::error::ApiError;

/// Fields whose names differ: Chat Completions' and this API's.
const NAMES: [(&str, &str); 3] = [
    ("max_completion_tokens", "max_output_tokens"),
    ("response_format", "text.format"),
    ("messages", "input"),
];
/// What the response object repeats as it came, and what it says where nothing came.
const ECHOED: [&str; 13] = [
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "reasoning",
    "safety_identifier",
    "prompt_cache_key",
    "temperature",
    "text",
    "tool_choice",
    "top_p",
    "user",
];

/// A request, checked for shape.
#[derive(Clone, Debug)]
pub struct ResponsesRequest {
    pub(super) chat: ChatRequest,
    pub(super) echo: Map<String, Value>,
    /// Where each message came from; `None` is `instructions`.
    pub(super) origins: Vec<Option<usize>>,
}

impl ResponsesRequest {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let Value::Object(mut body) = read_json(body).map_err(|error| renamed(error, &[]))? else {
            return Err(ApiError::body("The body is no JSON object; expected one with `model` and `input`."));
        };
        refuse_state(&body)?;
        let echo = echo(&body);
        let mut idle = Vec::new();
        let (messages, origins) = input::messages(&mut body)?;
        body.insert("messages".to_owned(), Value::Array(messages));
        rename(&mut body, &mut idle)?;
        let mut chat = ChatRequest::read(Value::Object(body)).map_err(|error| renamed(error, &origins))?;
        chat.idle.extend(idle);
        Ok(Self { chat, echo, origins })
    }

    /// The model, or the error that it is missing.
    pub fn require_model(&self) -> Result<&str, ApiError> {
        self.chat.require_model()
    }

    /// Fills in the model where the client named none.
    pub fn default_model(&mut self, model: &str) {
        self.chat.default_model(model);
    }

    /// Whether the answer is to be streamed.
    pub fn stream(&self) -> bool {
        self.chat.stream()
    }

    /// The ids of all tool calls in the history, to look up what is remembered of them.
    pub fn call_ids(&self) -> Vec<&str> {
        self.chat.call_ids()
    }
}

/// Nothing is kept here between calls, so what refers to something kept cannot be honoured.
fn refuse_state(body: &Map<String, Value>) -> Result<(), ApiError> {
    let given = |name: &str| body.get(name).is_some_and(|value| !value.is_null() && *value != json!(false));
    let state = "this gateway keeps no responses. Send the earlier items in `input` again, those of the answers included.";
    for (name, reason) in [
        ("previous_response_id", state),
        ("conversation", state),
        (
            "background",
            "answers are not made in the background here. Leave it out, and stream if the answer is long.",
        ),
        ("prompt", "stored prompts are OpenAI's own. Send the text in `instructions` and `input`."),
    ] {
        if given(name) {
            return Err(ApiError::unsupported(name, reason));
        }
    }
    Ok(())
}

/// Moves this API's fields to where Chat Completions has them; what cannot be honoured is noted by name.
fn rename(body: &mut Map<String, Value>, idle: &mut Vec<String>) -> Result<(), ApiError> {
    for name in
        ["store", "include", "stream_options", "background", "previous_response_id", "conversation", "prompt"]
    {
        body.remove(name);
    }
    if let Some(most) = body.remove("max_output_tokens") {
        body.insert("max_completion_tokens".to_owned(), most);
    }
    match body.remove("text") {
        None | Some(Value::Null) => {}
        Some(Value::Object(mut text)) => {
            if let Some(format) = text.remove("format") {
                body.insert("response_format".to_owned(), format);
            }
            idle.extend(
                text.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| format!("text.{name}")),
            );
        }
        Some(_) => {
            return Err(ApiError::value(
                "text",
                "expected an object such as {\"format\": {\"type\": \"text\"}}.",
            ));
        }
    }
    if let Some(Value::Object(reasoning)) = body.get_mut("reasoning")
        && let Some(summary) = reasoning.remove("generate_summary")
    {
        reasoning.entry("summary").or_insert(summary);
    }
    if body.remove("truncation").is_some_and(|truncation| truncation == "auto") {
        idle.push("truncation".to_owned());
    }
    if body.remove("top_logprobs").is_some_and(|top| top.as_u64().unwrap_or(0) > 0) {
        idle.push("top_logprobs".to_owned());
    }
    Ok(())
}

/// The keys of a response object that tell of its request.
fn echo(body: &Map<String, Value>) -> Map<String, Value> {
    let mut echo = Map::new();
    for name in ECHOED {
        let given = body.get(name).filter(|value| !value.is_null()).cloned();
        let unsaid = match name {
            "metadata" => json!({}),
            "parallel_tool_calls" => json!(true),
            "reasoning" => json!({ "effort": null, "summary": null }),
            "temperature" | "top_p" => json!(1.0),
            "text" => json!({ "format": { "type": "text" } }),
            "tool_choice" => json!("auto"),
            _ => Value::Null,
        };
        echo.insert(name.to_owned(), given.unwrap_or(unsaid));
    }
    let tools = body.get("tools").and_then(Value::as_array).cloned().unwrap_or_default();
    echo.insert("tools".to_owned(), tools.into_iter().map(whole_tool).collect());
    echo
}

/// Clients want all keys of a function, given or not.
fn whole_tool(mut tool: Value) -> Value {
    if tool["type"] == "function"
        && let Some(tool) = tool.as_object_mut()
    {
        for name in ["description", "parameters", "strict"] {
            tool.entry(name).or_insert(Value::Null);
        }
    }
    tool
}

/// A field in this API's words.
pub(super) fn own_name(name: &str, origins: &[Option<usize>]) -> String {
    if let Some((index, rest)) = name.strip_prefix("messages[").and_then(|rest| rest.split_once(']'))
        && let Some(origin) = index.parse().ok().and_then(|index: usize| origins.get(index))
    {
        return origin.map_or_else(|| "instructions".to_owned(), |at| format!("input[{at}]{rest}"));
    }
    let found = NAMES.iter().find_map(|(theirs, ours)| Some((name.strip_prefix(theirs)?, ours)));
    found.map_or_else(|| name.to_owned(), |(rest, ours)| format!("{ours}{rest}"))
}

/// An error about a field, in this API's words.
pub(super) fn renamed(mut error: ApiError, origins: &[Option<usize>]) -> ApiError {
    match error.param.clone() {
        Some(theirs) => {
            let ours = own_name(&theirs, origins);
            error.message = error.message.replacen(&theirs, &ours, 1);
            error.param = Some(ours);
        }
        None => error.message = error.message.replace("`messages`", "`input`"),
    }
    error
}
