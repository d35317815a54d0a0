//! The most a call may take, for what is reserved before it is sent.

use dialect::gemini::request::GenerateContentRequest;
use dialect::gemini::usage::Tokens;
use dialect::lift::Cargo;
use dialect::model::Capabilities;

use super::cost::input_tokens;

/// What an answer is taken for whose length nobody bounded. The longest a model can give would be ten times as much, and
/// shut users out who never come near it.
const USUAL_OUTPUT: u64 = 4_096;

/// Estimated input, and the longest answer that was asked for, as far as the model can give it.
pub(super) fn most_tokens(
    request: &GenerateContentRequest,
    capabilities: &Capabilities,
    cargo: &Cargo,
) -> Tokens {
    let config = request.generation_config.as_ref();
    let longest = config.and_then(|config| config.max_output_tokens).unwrap_or(USUAL_OUTPUT);
    let answers = config.and_then(|config| config.candidate_count).map_or(1, |count| u64::from(count.max(1)));
    let output = longest.min(capabilities.output_limit).saturating_mul(answers);
    Tokens { input: input_tokens(request, capabilities, cargo), output, ..Tokens::default() }
}

#[cfg(test)]
mod tests {
    use dialect::model::Catalogue;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_longest_answer_is_what_was_asked_for_and_can_be_given() {
        let model = Catalogue::builtin().get("gemini-2.5-flash").unwrap();
        let limit = model.capabilities.output_limit;
        for (config, output) in [
            (json!(null), USUAL_OUTPUT),
            (json!({}), USUAL_OUTPUT),
            (json!({ "maxOutputTokens": 100 }), 100),
            (json!({ "maxOutputTokens": 100, "candidateCount": 3 }), 300),
            (json!({ "maxOutputTokens": 10_000_000 }), limit),
            (json!({ "candidateCount": 0 }), USUAL_OUTPUT),
        ] {
            let body =
                json!({ "contents": [{ "parts": [{ "text": "hello" }] }], "generationConfig": config });
            let request: GenerateContentRequest = serde_json::from_value(body).unwrap();
            let most = most_tokens(&request, &model.capabilities, &Cargo::default());
            assert_eq!(most.output, output, "{config}");
            assert_eq!(most.input, input_tokens(&request, &model.capabilities, &Cargo::default()));
        }
    }
}
