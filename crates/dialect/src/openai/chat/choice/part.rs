//! What a part is, where its fields alone do not say.

use super::super::annotation::Kind;
use crate::gemini::content::Part;

pub(super) fn kind(part: &Part) -> Kind {
    match part.is_thought() {
        _ if !part.is_plain_text() => Kind::Other,
        true => Kind::Thought,
        false => Kind::Text,
    }
}

/// Does the part's signature belong to the text? Those of calls and images stay with them; those of thoughts,
/// code and server-side tools have no part to come back on.
pub(super) fn is_bare(part: &Part) -> bool {
    let Part { function_call, inline_data, executable_code, code_execution_result, extra, .. } = part;
    function_call.is_none()
        && inline_data.is_none()
        && executable_code.is_none()
        && code_execution_result.is_none()
        && !part.is_thought()
        && !extra.contains_key("toolCall")
        && !extra.contains_key("toolResponse")
}

/// Traces of server-side tools are known and not shown; an empty part is nothing.
pub(super) fn is_unknown(part: &Part) -> bool {
    let quiet = ["toolCall", "toolResponse", "partMetadata", "videoMetadata", "mediaResolution"];
    let shown = part.text.is_some()
        || part.function_call.is_some()
        || part.inline_data.is_some()
        || part.executable_code.is_some()
        || part.code_execution_result.is_some();
    let strange = part.file_data.is_some() || part.function_response.is_some();
    !shown && (strange || part.extra.keys().any(|key| !quiet.contains(&key.as_str())))
}
