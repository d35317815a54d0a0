//! Answers that are more than text: pictures, speech, executed code, search results.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Draft, Prompt, text};
use crate::model::Family;
use crate::png;

/// A short sentence and a small picture; the signature sits on the picture (wire.md §4.6).
pub(super) fn image(prompt: Prompt<'_>, mut draft: Draft, salt: u64) -> Draft {
    let [red, green, blue, ..] = salt.to_le_bytes();
    let data = STANDARD.encode(png::picture([red, green, blue], 0));
    let mut picture = json!({"inlineData": {"mimeType": "image/png", "data": data}});
    if prompt.model.family == Family::Image3 {
        picture["thoughtSignature"] = json!(prompt.notary.issue(prompt.project, "", salt));
    }
    let topic: String = prompt.last_text().chars().take(80).collect();
    draft.pieces = vec![json!({"text": format!("Here is a picture of: {topic}")}), picture];
    draft
}

/// Half a second of silence, as raw PCM.
pub(super) fn speech(mut draft: Draft, spoken: &str) -> Draft {
    let samples = 12_000 + spoken.len() * 24;
    let data = STANDARD.encode(vec![0_u8; samples * 2]);
    draft.pieces = vec![json!({"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": data}})];
    draft
}

/// A program and its result, which come before the text.
pub(super) fn code(prompt: Prompt<'_>, salt: u64) -> Vec<Value> {
    let number = salt % 90 + 10;
    let program = format!("print({number} * {number})\n");
    let mut run = json!({"executableCode": {"language": "PYTHON", "code": program}});
    if prompt.model.is_gen3() {
        run["thoughtSignature"] = json!(prompt.notary.issue(prompt.project, "", salt ^ 1));
    }
    let result =
        json!({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": format!("{}\n", number * number)}});
    vec![run, result]
}

/// One support per sentence; offsets count UTF-8 bytes, and a zero start is left out (wire.md §6.7).
pub(super) fn grounding(draft: &Draft, asked: &str) -> Value {
    let whole: String = draft.pieces.iter().map(text::of).collect();
    let part = draft.pieces.iter().take_while(|piece| piece["text"].is_null()).count();
    let mut supports = Vec::new();
    let mut start = 0;
    for sentence in sentences(&whole) {
        let end = start + sentence.len();
        let trimmed = sentence.trim_start();
        let from = end - trimmed.len();
        let mut segment = json!({"endIndex": end, "text": trimmed});
        if from > 0 {
            segment["startIndex"] = json!(from);
        }
        if part > 0 {
            segment["partIndex"] = json!(part);
        }
        supports.push(json!({"segment": segment, "groundingChunkIndices": [supports.len() % 2]}));
        start = end;
    }
    let chunk = |name: &str| json!({"web": {"uri": format!("https://vertexaisearch.cloud.google.com/grounding-api-redirect/{name}"), "title": format!("{name}.example.com")}});
    json!({
        "searchEntryPoint": {"renderedContent": "<div class=\"container\">castor</div>\n"},
        "groundingChunks": [chunk("castor"), chunk("pollux")],
        "groundingSupports": supports,
        "webSearchQueries": [asked.chars().take(80).collect::<String>()],
    })
}

fn sentences(text: &str) -> Vec<&str> {
    text.split_inclusive(['.', '。']).filter(|sentence| !sentence.trim().is_empty()).collect()
}

/// Every address that the user wrote, as retrieved.
pub(super) fn pages(asked: &str) -> Value {
    let addresses = asked.split_whitespace().filter(|word| word.starts_with("http"));
    let pages: Vec<Value> = addresses
        .map(|url| json!({"retrievedUrl": url, "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}))
        .collect();
    json!({ "urlMetadata": pages })
}
