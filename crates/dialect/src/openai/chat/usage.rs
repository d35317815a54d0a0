//! Token counts in OpenAI's words (`wire.md` §6.5, §7.5).

use serde::Serialize;
use serde_json::Value;

use crate::gemini::usage::UsageMetadata;

/// `usage`: thoughts are part of the completion, cached tokens part of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Usage {
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
    pub(super) total_tokens: u64,
    pub(super) prompt_tokens_details: PromptDetails,
    pub(super) completion_tokens_details: CompletionDetails,
}

/// `usage.prompt_tokens_details`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's own")]
pub(super) struct PromptDetails {
    pub(super) cached_tokens: u64,
    pub(super) audio_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_tokens: Option<u64>,
}

/// `usage.completion_tokens_details`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's own")]
pub(super) struct CompletionDetails {
    pub(super) reasoning_tokens: u64,
    pub(super) audio_tokens: u64,
    pub(super) accepted_prediction_tokens: u64,
    pub(super) rejected_prediction_tokens: u64,
}

impl Usage {
    /// What the merged counts of one upstream call come to.
    pub(super) fn of(counts: &UsageMetadata) -> Self {
        let prompt = counts.prompt_token_count.unwrap_or(0);
        let tool_use = counts.tool_use_prompt_token_count.unwrap_or(0);
        let candidates = counts.candidates_token_count.unwrap_or(0);
        let thoughts = counts.thoughts_token_count.unwrap_or(0);
        let prompt_tokens = prompt.saturating_add(tool_use);
        // Some models count thoughts among the candidates; the sum gives them away.
        let without_thoughts = prompt_tokens.saturating_add(candidates);
        let inclusive = thoughts > 0 && counts.total_token_count == Some(without_thoughts);
        let completion_tokens = if inclusive { candidates } else { candidates.saturating_add(thoughts) };
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens: counts.total_token_count.unwrap_or(prompt_tokens.saturating_add(completion_tokens)),
            prompt_tokens_details: PromptDetails::of(counts, prompt_tokens),
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: thoughts,
                audio_tokens: sum(counts.candidates_tokens_details.as_ref(), &[Modality::Audio]).unwrap_or(0),
                ..CompletionDetails::default()
            },
        }
    }

    /// Adds a later hop of a long decode: its output is new, its prompt was only sent again (`wire.md` §6.6).
    fn and_then(mut self, later: &Self) -> Self {
        self.completion_tokens = self.completion_tokens.saturating_add(later.completion_tokens);
        self.total_tokens = self.prompt_tokens.saturating_add(self.completion_tokens);
        let (ours, theirs) = (&mut self.completion_tokens_details, &later.completion_tokens_details);
        ours.reasoning_tokens = ours.reasoning_tokens.saturating_add(theirs.reasoning_tokens);
        ours.audio_tokens = ours.audio_tokens.saturating_add(theirs.audio_tokens);
        self
    }
}

impl PromptDetails {
    fn of(counts: &UsageMetadata, prompt_tokens: u64) -> Self {
        let list = counts.prompt_tokens_details.as_ref();
        Self {
            cached_tokens: counts.cached_content_token_count.unwrap_or(0).min(prompt_tokens),
            audio_tokens: sum(list, &[Modality::Audio]).unwrap_or(0),
            text_tokens: sum(list, &[Modality::Text, Modality::Document]),
            image_tokens: sum(list, &[Modality::Image]).filter(|tokens| *tokens > 0),
        }
    }
}

/// What a stream has said so far about its usage.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    earlier_hops: Option<Usage>,
    seen: Option<UsageMetadata>,
}

impl Tally {
    /// Takes each key's last value: counts are cumulative, may fall, and may vanish in the last event.
    pub(super) fn see(&mut self, new: &UsageMetadata) {
        let Some(old) = &mut self.seen else {
            self.seen = Some(new.clone());
            return;
        };
        let keep = |old: &mut Option<u64>, new: Option<u64>| *old = new.or(*old);
        keep(&mut old.prompt_token_count, new.prompt_token_count);
        keep(&mut old.cached_content_token_count, new.cached_content_token_count);
        keep(&mut old.candidates_token_count, new.candidates_token_count);
        keep(&mut old.thoughts_token_count, new.thoughts_token_count);
        keep(&mut old.tool_use_prompt_token_count, new.tool_use_prompt_token_count);
        keep(&mut old.total_token_count, new.total_token_count);
        let replace = |old: &mut Option<Value>, new: &Option<Value>| {
            if new.is_some() {
                old.clone_from(new);
            }
        };
        replace(&mut old.prompt_tokens_details, &new.prompt_tokens_details);
        replace(&mut old.candidates_tokens_details, &new.candidates_tokens_details);
        if new.service_tier.is_some() {
            old.service_tier.clone_from(&new.service_tier);
        }
    }

    /// What follows belongs to another upstream call of the same answer.
    pub(super) fn next_hop(&mut self) {
        self.earlier_hops = self.usage();
        self.seen = None;
    }

    /// OpenAI's usage; `None` if Google never said a number.
    pub(super) fn usage(&self) -> Option<Usage> {
        let current = self
            .seen
            .as_ref()
            .filter(|counts| counts.total_token_count.or(counts.prompt_token_count).is_some());
        match (self.earlier_hops, current) {
            (Some(earlier), Some(counts)) => Some(earlier.and_then(&Usage::of(counts))),
            (earlier, counts) => earlier.or(counts.map(Usage::of)),
        }
    }

    /// The tier that served the call in OpenAI's words, if known.
    pub(super) fn service_tier(&self) -> Option<&'static str> {
        let tier = self.seen.as_ref()?.service_tier.as_deref()?;
        ["flex", "priority"]
            .into_iter()
            .find(|known| tier.eq_ignore_ascii_case(known))
            .or_else(|| tier.eq_ignore_ascii_case("standard").then_some("default"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Modality {
    Text,
    Image,
    Audio,
    Document,
}

impl Modality {
    /// The name, or the number under `enum-encoding=int`.
    fn is(self, value: &Value) -> bool {
        let (name, number) = match self {
            Self::Text => ("TEXT", 1),
            Self::Image => ("IMAGE", 2),
            Self::Audio => ("AUDIO", 4),
            Self::Document => ("DOCUMENT", 5),
        };
        value.as_str() == Some(name) || value.as_u64() == Some(number)
    }
}

/// The tokens of the given modalities; `None` without a list.
fn sum(details: Option<&Value>, modalities: &[Modality]) -> Option<u64> {
    let entries = details?.as_array()?.iter();
    let wanted = entries.filter(|entry| modalities.iter().any(|modality| modality.is(&entry["modality"])));
    Some(wanted.filter_map(|entry| entry["tokenCount"].as_u64()).fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn usage(events: &[Value]) -> Usage {
        let mut tally = Tally::default();
        for event in events {
            tally.see(&serde_json::from_value(event.clone()).unwrap());
        }
        tally.usage().unwrap()
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
        let mut tally = Tally::default();
        for (prompt, output) in [(10, 100), (110, 50), (160, 7)] {
            let counts = json!({"promptTokenCount": prompt, "candidatesTokenCount": output, "totalTokenCount": prompt + output});
            tally.next_hop();
            tally.see(&serde_json::from_value(counts).unwrap());
        }
        let ours = tally.usage().unwrap();
        assert_eq!((ours.prompt_tokens, ours.completion_tokens, ours.total_tokens), (10, 157, 167));
    }

    #[test]
    fn usage_without_numbers_is_no_usage() {
        let mut tally = Tally::default();
        tally.see(
            &serde_json::from_value(json!({"trafficType": "ON_DEMAND", "serviceTier": "STANDARD"})).unwrap(),
        );
        assert_eq!(tally.usage(), None);
        assert_eq!(tally.service_tier(), Some("default"));
    }
}
