//! Everything about a request that Google refuses with 400, in the order in which it is refused (wire.md §3.3, §9.1).

mod config;
pub(crate) mod tool;

use serde_json::Value;

use crate::model::{Family, Model};
use crate::refusal::{Refusal, TROUBLE};
use crate::turn::Court;
use crate::{signature, token};

/// Checks a canonical generateContent body.
pub(crate) fn generate(court: Court, body: &Value) -> Result<(), Refusal> {
    let contents = body["contents"].as_array().map(Vec::as_slice).unwrap_or_default();
    if contents.is_empty() {
        return Err(bad("* GenerateContentRequest.contents: contents is not specified\n"));
    }
    for (at, content) in contents.iter().enumerate() {
        check_content(at, content)?;
    }
    system(court.model, body)?;
    config::check(court.model, body)?;
    tool::check(court.model, body)?;
    court.judge(contents)
}

/// E6: the prompt is longer than the model reads.
pub(crate) fn length(model: &Model, tokens: u64) -> Result<(), Refusal> {
    if tokens > model.input { Err(crate::refusal::context_too_long(tokens, model)) } else { Ok(()) }
}

/// A 400 that is counted as an ordinary bad request.
fn bad(message: &str) -> Refusal {
    Refusal::invalid(message).because("bad-request")
}

fn check_content(at: usize, content: &Value) -> Result<(), Refusal> {
    if content["role"].as_str().is_some_and(|role| !matches!(role, "user" | "model" | "function")) {
        return Err(bad("Please use a valid role: user, model."));
    }
    let parts = content["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
    if parts.is_empty() {
        return Err(bad(&format!(
            "* GenerateContentRequest.contents[{at}].parts: contents.parts must not be empty.\n"
        )));
    }
    let blank = |part: &Value| part["text"] == "" && part.get("thoughtSignature").is_none();
    if parts.iter().all(blank) {
        return Err(bad(
            "Unable to submit request because it must have a text parameter. Add a text parameter and try again.",
        ));
    }
    parts
        .iter()
        .enumerate()
        .try_for_each(|(index, part)| check_part(&format!("contents[{at}].parts[{index}]"), part))
}

fn check_part(path: &str, part: &Value) -> Result<(), Refusal> {
    const PAYLOADS: [&str; 9] = [
        "text",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "executableCode",
        "codeExecutionResult",
        "toolCall",
        "toolResponse",
    ];
    let payloads: Vec<&str> = PAYLOADS.into_iter().filter(|name| part.get(name).is_some()).collect();
    match payloads.as_slice() {
        [] if part.get("thoughtSignature").is_none() => {
            return Err(bad(&format!(
                "* GenerateContentRequest.{path}.data: required oneof field 'data' must have one initialized field\n"
            )));
        }
        [_, second, ..] => {
            let message = format!(
                "Invalid value at '{path}' (oneof), oneof field 'data' is already set. Cannot set '{second}'"
            );
            return Err(bad(&message));
        }
        _ => {}
    }
    if part["inlineData"].is_object() {
        inline(path, &part["inlineData"])?;
    }
    for nested in part["functionResponse"]["parts"].as_array().into_iter().flatten() {
        inline(path, &nested["inlineData"])?;
    }
    Ok(())
}

fn inline(path: &str, blob: &Value) -> Result<(), Refusal> {
    let mime = blob["mimeType"].as_str().unwrap_or_default().to_ascii_lowercase();
    let Some(bytes) = signature::decode(blob["data"].as_str().unwrap_or_default()) else {
        let message =
            format!("Invalid value at '{path}.inline_data.data' (TYPE_BYTES), Base64 decoding failed");
        return Err(bad(&message));
    };
    let kind = mime.split(['/', ';']).next().unwrap_or_default();
    let known = match kind {
        "image" => matches!(
            mime.as_str(),
            "image/png"
                | "image/jpeg"
                | "image/webp"
                | "image/heic"
                | "image/heif"
                | "image/gif"
                | "image/bmp"
        ),
        "audio" | "video" | "text" => true,
        _ => matches!(
            mime.as_str(),
            "application/pdf" | "application/json" | "application/x-javascript" | "application/x-python"
        ),
    };
    if !known {
        return Err(bad(&format!("Unsupported MIME type: {mime}")));
    }
    if kind == "image" && !looks_like(&mime, &bytes) {
        return Err(bad(&format!("Unable to process input image. {TROUBLE}")));
    }
    Ok(())
}

/// Google decodes what it is given; the simulator is content with the first bytes.
fn looks_like(mime: &str, bytes: &[u8]) -> bool {
    match mime {
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => bytes.starts_with(&[0xff, 0xd8, 0xff]),
        "image/gif" => bytes.starts_with(b"GIF8"),
        "image/webp" => bytes.starts_with(b"RIFF"),
        _ => !bytes.is_empty(),
    }
}

fn system(model: &Model, body: &Value) -> Result<(), Refusal> {
    let refuses = matches!(model.family, Family::Gemma | Family::Tts | Family::Image25);
    if refuses && body["systemInstruction"].is_object() {
        return Err(bad(&format!("Developer instruction is not enabled for models/{}", model.id)));
    }
    Ok(())
}

/// Checks a canonical countTokens body and returns what is to be counted.
pub(crate) fn count(body: &Value) -> Result<token::PromptTokens, Refusal> {
    let whole = &body["generateContentRequest"];
    match (body["contents"].as_array(), whole.is_object()) {
        (Some(_), true) => {
            Err(bad("* CountTokensRequest: contents and generate_content_request are mutually exclusive.\n"))
        }
        (Some(_), false) => Ok(token::of_contents(&body["contents"])),
        (None, true) => Ok(token::of_request(whole)),
        (None, false) => Err(bad("* CountTokensRequest.contents: contents is not specified\n")),
    }
}

#[cfg(test)]
mod tests;
