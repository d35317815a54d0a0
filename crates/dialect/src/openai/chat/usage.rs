//! Token counts in OpenAI's words (`wire.md` §6.5, §7.5).

use serde::Serialize;

use crate::gemini::usage::{Tokens, UsageMetadata, UsageTally};

/// `usage`: thoughts are part of the completion, cached tokens part of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::openai) struct Usage {
    pub(in crate::openai) prompt_tokens: u64,
    pub(in crate::openai) completion_tokens: u64,
    pub(in crate::openai) total_tokens: u64,
    pub(in crate::openai) prompt_tokens_details: PromptDetails,
    pub(in crate::openai) completion_tokens_details: CompletionDetails,
}

/// `usage.prompt_tokens_details`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's own")]
pub(in crate::openai) struct PromptDetails {
    pub(in crate::openai) cached_tokens: u64,
    pub(in crate::openai) audio_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) text_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::openai) image_tokens: Option<u64>,
}

/// `usage.completion_tokens_details`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's own")]
pub(in crate::openai) struct CompletionDetails {
    pub(in crate::openai) reasoning_tokens: u64,
    pub(in crate::openai) audio_tokens: u64,
    pub(in crate::openai) accepted_prediction_tokens: u64,
    pub(in crate::openai) rejected_prediction_tokens: u64,
}

impl Usage {
    /// What a tally comes to; `None` if Google never said a number.
    pub(in crate::openai) fn of(tally: &UsageTally) -> Option<Self> {
        let counts = tally.shown();
        counts.total_token_count.or(counts.prompt_token_count)?;
        let Tokens { input, cached, output, thoughts, total } = counts.tokens();
        Some(Self {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: total,
            prompt_tokens_details: PromptDetails::of(&counts, cached),
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: thoughts,
                audio_tokens: counts.candidates_modalities().unwrap_or_default().audio,
                ..CompletionDetails::default()
            },
        })
    }
}

impl PromptDetails {
    fn of(counts: &UsageMetadata, cached_tokens: u64) -> Self {
        let known = counts.prompt_modalities();
        let all = known.unwrap_or_default();
        Self {
            cached_tokens,
            audio_tokens: all.audio,
            text_tokens: known.map(|all| all.text.saturating_add(all.document)),
            image_tokens: (all.image > 0).then_some(all.image),
        }
    }
}

/// The tier that served the call in OpenAI's words, if known.
pub(in crate::openai) fn service_tier(tally: &UsageTally) -> Option<&'static str> {
    let tier = tally.service_tier()?;
    ["flex", "priority"]
        .into_iter()
        .find(|known| tier.eq_ignore_ascii_case(known))
        .or_else(|| tier.eq_ignore_ascii_case("standard").then_some("default"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn usage(events: &[Value]) -> Usage {
        let mut tally = UsageTally::default();
        for event in events {
            tally.see(&serde_json::from_value(event.clone()).unwrap());
        }
        Usage::of(&tally).unwrap()
    }

    #[test]
    fn thoughts_count_as_completion_unless_they_already_do() {
        let table = [
            (
                json!({"promptTokenCount": 7, "candidatesTokenCount": 12, "thoughtsTokenCount": 83, "totalTokenCount": 102}),
                (7, 95, 102),
            ),
            (
                json!({"promptTokenCount": 7, "candidatesTokenCount": 95, "thoughtsTokenCount": 83, "totalTokenCount": 102}),
                (7, 95, 102),
            ),
            (
                json!({"promptTokenCount": 7, "toolUsePromptTokenCount": 30, "candidatesTokenCount": 5, "totalTokenCount": 42}),
                (37, 5, 42),
            ),
            (json!({"promptTokenCount": 7, "thoughtsTokenCount": 64, "totalTokenCount": 71}), (7, 64, 71)),
            (json!({"promptTokenCount": 7, "candidatesTokenCount": 2}), (7, 2, 9)),
            (
                json!({"promptTokenCount": u64::MAX, "candidatesTokenCount": 2, "thoughtsTokenCount": 1}),
                (u64::MAX, 3, u64::MAX),
            ),
        ];
        for (counts, (prompt, completion, total)) in table {
            let ours = usage(std::slice::from_ref(&counts));
            assert_eq!(
                (ours.prompt_tokens, ours.completion_tokens, ours.total_tokens),
                (prompt, completion, total),
                "{counts}"
            );
        }
    }

    #[test]
    fn counts_that_vanish_are_kept_and_counts_that_fall_are_believed() {
        let ours = usage(&[
            json!({"promptTokenCount": 169, "cachedContentTokenCount": 40, "candidatesTokenCount": 9, "totalTokenCount": 178}),
            json!({"promptTokenCount": 79, "candidatesTokenCount": 6, "totalTokenCount": 85}),
        ]);
        assert_eq!((ours.prompt_tokens, ours.completion_tokens, ours.total_tokens), (79, 6, 85));
        assert_eq!(ours.prompt_tokens_details.cached_tokens, 40);
    }

    #[test]
    fn modalities_are_summed_by_name_and_by_number() {
        let ours = usage(&[json!({
            "promptTokenCount": 100, "cachedContentTokenCount": 900,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}, {"modality": 5, "tokenCount": 20},
                                    {"modality": "IMAGE", "tokenCount": 30}, {"modality": 4, "tokenCount": 40}],
            "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}],
        })]);
        let prompt = ours.prompt_tokens_details;
        assert_eq!((prompt.text_tokens, prompt.image_tokens, prompt.audio_tokens), (Some(30), Some(30), 40));
        assert_eq!(prompt.cached_tokens, 100, "never more than the prompt");
        assert_eq!(ours.completion_tokens_details.audio_tokens, 3);
    }

    #[test]
    fn hops_add_their_output_and_keep_the_first_prompt() {
        let mut tally = UsageTally::default();
        for (prompt, output) in [(10, 100), (110, 50), (160, 7)] {
            let counts = json!({"promptTokenCount": prompt, "candidatesTokenCount": output, "totalTokenCount": prompt + output});
            tally.absorb_hop();
            tally.see(&serde_json::from_value(counts).unwrap());
        }
        let ours = Usage::of(&tally).unwrap();
        assert_eq!((ours.prompt_tokens, ours.completion_tokens, ours.total_tokens), (10, 157, 167));
    }

    #[test]
    fn usage_without_numbers_is_no_usage() {
        let mut tally = UsageTally::default();
        tally.see(
            &serde_json::from_value(json!({"trafficType": "ON_DEMAND", "serviceTier": "STANDARD"})).unwrap(),
        );
        assert_eq!(Usage::of(&tally), None);
        assert_eq!(service_tier(&tally), Some("default"));
    }
}
