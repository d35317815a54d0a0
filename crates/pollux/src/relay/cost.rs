//! What a request will cost in input tokens, estimated before it is sent (`wire.md` §9.5).

use dialect::gemini::content::{Blob, Content, Part};
use dialect::gemini::request::GenerateContentRequest;
use dialect::gemini::response::GenerateContentResponse;
use dialect::gemini::usage::Tokens;
use dialect::lift::Cargo;
use dialect::model::Capabilities;
use pool::estimate::estimate_text;
use serde_json::Value;

use super::call::Call;

/// Tokens of a 768-pixel tile on Gemini 2, and of an image at default resolution on Gemini 3 (`wire.md` §9.5).
const IMAGE: (u64, u64) = (258, 1_120);
/// Bytes of compressed audio in a second, roughly, and tokens that a second costs.
const AUDIO: (u64, u64) = (16_000, 32);
/// Bytes of compressed video in a second, roughly, and tokens that a second costs.
const VIDEO: (u64, u64) = (250_000, 263);
/// Bytes of a PDF page, roughly, and tokens that a page costs.
const PAGE: (u64, u64) = (50_000, 400);
/// Media by reference, whose size we do not know.
const REFERENCE: u64 = 1_120;
/// What a turn costs besides its parts.
const TURN: u64 = 4;

/// Estimated input tokens of a request.
pub(super) fn input_tokens(
    request: &GenerateContentRequest,
    capabilities: &Capabilities,
    cargo: &Cargo,
) -> u64 {
    let contents = request.contents.iter().flatten().chain(&request.system_instruction);
    let said: u64 = contents.map(|content| content_tokens(content, capabilities, cargo)).sum();
    let tools = request.tools.iter().flatten().flat_map(|tool| tool.function_declarations.iter().flatten());
    let declared: u64 = tools
        .map(|tool| {
            let text = |text: &Option<String>| text.as_deref().map_or(0, estimate_text);
            text(&tool.name)
                + text(&tool.description)
                + tool.parameters_json_schema.as_ref().map_or(0, value_tokens)
        })
        .sum();
    said + declared
}

/// Estimated output tokens of an answer, or of an event of one.
pub(super) fn output_tokens(answer: &GenerateContentResponse) -> u64 {
    let contents = answer.candidates().iter().filter_map(|candidate| candidate.content.as_ref());
    let texts = contents.flat_map(Content::parts).filter_map(|part| part.text.as_deref());
    texts.map(estimate_text).sum()
}

/// What a call used that Google counted nothing of.
pub(super) fn estimate(call: &Call, output: u64) -> Tokens {
    used(call.input_tokens(), output)
}

/// So much in, so much out.
pub(super) fn used(input: u64, output: u64) -> Tokens {
    Tokens { input, output, total: input.saturating_add(output), ..Tokens::default() }
}

fn content_tokens(content: &Content, capabilities: &Capabilities, cargo: &Cargo) -> u64 {
    TURN + content.parts().iter().map(|part| part_tokens(part, capabilities, cargo)).sum::<u64>()
}

fn part_tokens(part: &Part, capabilities: &Capabilities, cargo: &Cargo) -> u64 {
    let text = part.text.as_deref().map_or(0, |text| estimate_text(text) + lifted_tokens(text, cargo));
    let media = part.inline_data.as_ref().map_or(0, |blob| media_tokens(blob, capabilities, cargo));
    let reference = part.file_data.as_ref().map_or(0, |_| REFERENCE);
    let call = part.function_call.as_ref().and_then(|call| call.args.as_ref()).map_or(0, value_tokens);
    let result =
        part.function_response.as_ref().and_then(|result| result.response.as_ref()).map_or(0, value_tokens);
    text + media + reference + call + result
}

/// What a text had lifted out of it that turned out to be no medium.
fn lifted_tokens(text: &str, cargo: &Cargo) -> u64 {
    u64::try_from(cargo.length(text).saturating_sub(text.len())).unwrap_or(u64::MAX) / 4
}

fn media_tokens(blob: &Blob, capabilities: &Capabilities, cargo: &Cargo) -> u64 {
    let base64 = blob.data.as_deref().map_or(0, |data| cargo.length(data));
    let bytes = u64::try_from(base64).unwrap_or(u64::MAX) / 4 * 3;
    let per = |(size, tokens): (u64, u64)| (bytes / size + 1) * tokens;
    let kind = blob.mime_type.as_deref().unwrap_or_default();
    match kind.split('/').next() {
        Some("image") if capabilities.part_media_resolution => IMAGE.1,
        Some("image") => IMAGE.0,
        Some("audio") => per(AUDIO),
        Some("video") => per(VIDEO),
        Some("text") => bytes / 4,
        _ => per(PAGE),
    }
}

/// Walks a JSON value instead of writing it out: nothing is allocated.
fn value_tokens(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => estimate_text(text),
        Value::Array(items) => 1 + items.iter().map(value_tokens).sum::<u64>(),
        Value::Object(fields) => {
            1 + fields.iter().map(|(name, value)| estimate_text(name) + value_tokens(value)).sum::<u64>()
        }
    }
}
