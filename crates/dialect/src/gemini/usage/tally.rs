//! Usage over a whole stream, and over the hops of a long decode (`wire.md` §7.5, `gemini-2026-11.md` §1.5).

use serde_json::{Map, Value, json};

use super::{Tokens, UsageMetadata};

/// Keeps count: inside a hop the last seen value of each field stands, over hops the fields add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsageTally {
    /// The sum of the hops that are over.
    past: Option<UsageMetadata>,
    past_tokens: Tokens,
    first_prompt: Option<u64>,
    current: UsageMetadata,
    seen: bool,
}

/// Token counts by modality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names explain themselves")]
pub struct Modalities {
    pub text: u64,
    pub image: u64,
    pub audio: u64,
    pub video: u64,
    pub document: u64,
}

impl UsageTally {
    /// Takes what an event reported. A field that is missing keeps its earlier value; nothing is ever added up.
    pub fn see(&mut self, usage: &UsageMetadata) {
        self.seen = true;
        let UsageMetadata {
            prompt_token_count,
            cached_content_token_count,
            candidates_token_count,
            thoughts_token_count,
            tool_use_prompt_token_count,
            total_token_count,
            prompt_tokens_details,
            candidates_tokens_details,
            service_tier,
            extra,
        } = usage;
        let current = &mut self.current;
        for (kept, new) in [
            (&mut current.prompt_token_count, prompt_token_count),
            (&mut current.cached_content_token_count, cached_content_token_count),
            (&mut current.candidates_token_count, candidates_token_count),
            (&mut current.thoughts_token_count, thoughts_token_count),
            (&mut current.tool_use_prompt_token_count, tool_use_prompt_token_count),
            (&mut current.total_token_count, total_token_count),
        ] {
            *kept = new.or(*kept);
        }
        replace(&mut current.prompt_tokens_details, prompt_tokens_details.as_ref());
        replace(&mut current.candidates_tokens_details, candidates_tokens_details.as_ref());
        replace(&mut current.service_tier, service_tier.as_ref());
        for (key, value) in extra {
            current.extra.insert(key.clone(), value.clone());
        }
    }

    /// A hop of a long decode is over, the next begins: its prompt is billed again, so the fields add up.
    pub fn absorb_hop(&mut self) {
        let hop = std::mem::take(&mut self.current);
        self.first_prompt = self.first_prompt.or(hop.prompt_token_count);
        self.past_tokens = sum_tokens(self.past_tokens, hop.tokens());
        self.past = Some(match self.past.take() {
            None => hop,
            Some(past) => sum(past, hop),
        });
    }

    /// Has any usage been reported? If not, what is counted is an estimate at best.
    pub fn is_seen(&self) -> bool {
        self.seen
    }

    /// What it amounts to.
    pub fn tokens(&self) -> Tokens {
        sum_tokens(self.past_tokens, self.current.tokens())
    }

    /// The prompt of the first hop: what the client really sent, while [`tokens`](Self::tokens) is what is billed.
    pub fn first_prompt(&self) -> Option<u64> {
        self.first_prompt.or(self.current.prompt_token_count)
    }

    /// Everything in Google's own form.
    pub fn metadata(&self) -> UsageMetadata {
        match &self.past {
            None => self.current.clone(),
            Some(past) => sum(past.clone(), self.current.clone()),
        }
    }

    /// The prompt by modality.
    pub fn prompt_modalities(&self) -> Modalities {
        Modalities::read(self.metadata().prompt_tokens_details.as_ref())
    }

    /// The answer by modality.
    pub fn candidates_modalities(&self) -> Modalities {
        Modalities::read(self.metadata().candidates_tokens_details.as_ref())
    }

    /// Do the counts of the running hop add up to its total? With a clean end of the transport this tells a
    /// finished answer without `finishReason` from a cut one.
    pub fn is_balanced(&self) -> bool {
        self.current.is_balanced()
    }
}

impl Modalities {
    /// Reads `[{modality, tokenCount}]`; unknown modalities are left out.
    pub fn read(details: Option<&Value>) -> Self {
        let mut sums = Self::default();
        for entry in details.and_then(Value::as_array).into_iter().flatten() {
            let tokens = entry.get("tokenCount").and_then(Value::as_u64).unwrap_or(0);
            // Under `enum-encoding=int` the modality is its number.
            let slot = match entry.get("modality") {
                Some(Value::String(name)) => sums.by_name(name),
                Some(Value::Number(number)) => sums.by_number(number.as_u64()),
                _ => None,
            };
            if let Some(slot) = slot {
                *slot += tokens;
            }
        }
        sums
    }

    fn by_name(&mut self, name: &str) -> Option<&mut u64> {
        match name {
            "TEXT" => Some(&mut self.text),
            "IMAGE" => Some(&mut self.image),
            "VIDEO" => Some(&mut self.video),
            "AUDIO" => Some(&mut self.audio),
            "DOCUMENT" => Some(&mut self.document),
            _ => None,
        }
    }

    fn by_number(&mut self, number: Option<u64>) -> Option<&mut u64> {
        let name = match number? {
            1 => "TEXT",
            2 => "IMAGE",
            3 => "VIDEO",
            4 => "AUDIO",
            5 => "DOCUMENT",
            _ => return None,
        };
        self.by_name(name)
    }
}

fn replace<T: Clone>(kept: &mut Option<T>, new: Option<&T>) {
    if let Some(new) = new {
        *kept = Some(new.clone());
    }
}

fn sum_tokens(left: Tokens, right: Tokens) -> Tokens {
    let Tokens { input, cached, output, thoughts, total } = right;
    Tokens {
        input: left.input + input,
        cached: left.cached + cached,
        output: left.output + output,
        thoughts: left.thoughts + thoughts,
        total: left.total + total,
    }
}

fn sum(past: UsageMetadata, hop: UsageMetadata) -> UsageMetadata {
    let add = |left: Option<u64>, right: Option<u64>| match (left, right) {
        (Some(left), Some(right)) => Some(left + right),
        (one, other) => one.or(other),
    };
    let mut extra = past.extra;
    for (key, value) in hop.extra {
        let kept = extra.remove(&key);
        extra.insert(key, sum_details(kept, Some(value.clone())).unwrap_or(value));
    }
    UsageMetadata {
        prompt_token_count: add(past.prompt_token_count, hop.prompt_token_count),
        cached_content_token_count: add(past.cached_content_token_count, hop.cached_content_token_count),
        candidates_token_count: add(past.candidates_token_count, hop.candidates_token_count),
        thoughts_token_count: add(past.thoughts_token_count, hop.thoughts_token_count),
        tool_use_prompt_token_count: add(past.tool_use_prompt_token_count, hop.tool_use_prompt_token_count),
        total_token_count: add(past.total_token_count, hop.total_token_count),
        prompt_tokens_details: sum_details(past.prompt_tokens_details, hop.prompt_tokens_details),
        candidates_tokens_details: sum_details(past.candidates_tokens_details, hop.candidates_tokens_details),
        service_tier: hop.service_tier.or(past.service_tier),
        extra,
    }
}

/// Adds `[{modality, tokenCount}]` lists by modality; of anything else the later one stands.
fn sum_details(past: Option<Value>, hop: Option<Value>) -> Option<Value> {
    match (past, hop) {
        (Some(Value::Array(past)), Some(Value::Array(hop))) => {
            let mut sums: Vec<(Value, u64, Map<String, Value>)> = Vec::new();
            for entry in past.into_iter().chain(hop) {
                let Value::Object(mut entry) = entry else { continue };
                let tokens = entry.remove("tokenCount").and_then(|count| count.as_u64()).unwrap_or(0);
                let modality = entry.get("modality").cloned().unwrap_or(Value::Null);
                match sums.iter_mut().find(|(known, ..)| *known == modality) {
                    Some((_, sum, _)) => *sum += tokens,
                    None => sums.push((modality, tokens, entry)),
                }
            }
            Some(sums.into_iter().map(|(_, tokens, entry)| counted(entry, tokens)).collect())
        }
        (past, hop) => hop.or(past),
    }
}

fn counted(mut entry: Map<String, Value>, tokens: u64) -> Value {
    entry.insert("tokenCount".to_owned(), json!(tokens));
    Value::Object(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(value: Value) -> UsageMetadata {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn tokens_by_the_rules() {
        // (prompt, toolUse, candidates, thoughts, cached, total) -> (input, cached, output, thoughts, total, balanced)
        let table = [
            (
                json!({"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}),
                (10, 0, 5, 0, 15, true),
            ),
            (
                json!({"promptTokenCount": 10, "toolUsePromptTokenCount": 7, "candidatesTokenCount": 5,
                       "thoughtsTokenCount": 20, "cachedContentTokenCount": 4, "totalTokenCount": 42}),
                (17, 4, 25, 20, 42, true),
            ),
            (
                json!({"promptTokenCount": 10, "candidatesTokenCount": 25, "thoughtsTokenCount": 20, "totalTokenCount": 35}),
                (10, 0, 25, 20, 35, true),
            ),
            (
                json!({"promptTokenCount": 10, "thoughtsTokenCount": 20, "totalTokenCount": 30}),
                (10, 0, 20, 20, 30, true),
            ),
            (json!({"promptTokenCount": 10, "candidatesTokenCount": 5}), (10, 0, 5, 0, 15, false)),
            (json!({"promptTokenCount": 10, "totalTokenCount": 99}), (10, 0, 0, 0, 99, false)),
            (json!({"promptTokenCount": 3, "cachedContentTokenCount": 9}), (3, 3, 0, 0, 3, false)),
            (json!({}), (0, 0, 0, 0, 0, false)),
        ];
        for (value, expected) in table {
            let usage = usage(value.clone());
            let Tokens { input, cached, output, thoughts, total } = usage.tokens();
            assert_eq!((input, cached, output, thoughts, total, usage.is_balanced()), expected, "{value}");
        }
    }

    #[test]
    fn the_last_seen_value_stands_and_nothing_adds_up() {
        let mut tally = UsageTally::default();
        assert!(!tally.is_seen());
        for value in [
            json!({"promptTokenCount": 51, "totalTokenCount": 51, "trafficType": "ON_DEMAND"}),
            json!({"promptTokenCount": 51, "candidatesTokenCount": 22, "toolUsePromptTokenCount": 9, "totalTokenCount": 82}),
            json!({"trafficType": "PROVISIONED"}),
            json!({"promptTokenCount": 33, "candidatesTokenCount": 57, "totalTokenCount": 99, "serviceTier": "standard"}),
        ] {
            tally.see(&usage(value));
        }
        assert!(tally.is_seen() && tally.is_balanced());
        assert_eq!(tally.tokens(), Tokens { input: 42, cached: 0, output: 57, thoughts: 0, total: 99 });
        assert_eq!(
            serde_json::to_value(tally.metadata()).unwrap(),
            json!({"promptTokenCount": 33, "candidatesTokenCount": 57, "toolUsePromptTokenCount": 9,
                   "totalTokenCount": 99, "serviceTier": "standard", "trafficType": "PROVISIONED"})
        );
    }

    #[test]
    fn hops_add_up_and_the_first_prompt_is_kept() {
        let mut tally = UsageTally::default();
        tally
            .see(&usage(json!({"promptTokenCount": 100, "candidatesTokenCount": 1, "totalTokenCount": 101})));
        tally
            .see(&usage(json!({"promptTokenCount": 100, "candidatesTokenCount": 40, "totalTokenCount": 140,
            "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 40}]})));
        tally.absorb_hop();
        tally.see(&usage(json!({"promptTokenCount": 140, "candidatesTokenCount": 10, "totalTokenCount": 150,
            "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 8}, {"modality": "IMAGE", "tokenCount": 2}]})));
        assert_eq!(tally.tokens(), Tokens { input: 240, cached: 0, output: 50, thoughts: 0, total: 290 });
        assert_eq!(tally.first_prompt(), Some(100));
        assert_eq!(tally.metadata().prompt_token_count, Some(240));
        assert_eq!(tally.candidates_modalities(), Modalities { text: 48, image: 2, ..Modalities::default() });
        assert!(tally.is_balanced());
        let before = tally.tokens();
        tally.absorb_hop();
        assert_eq!(tally.tokens(), before);
        assert_eq!(tally.metadata().total_token_count, Some(290));
    }

    #[test]
    fn modalities_by_name_and_number() {
        let details = json!([{"modality": "TEXT", "tokenCount": 3}, {"modality": "AUDIO", "tokenCount": 7},
            {"modality": 4, "tokenCount": 1}, {"modality": "SMELL", "tokenCount": 9}, {"modality": "IMAGE"}, 5]);
        let read = Modalities::read(Some(&details));
        assert_eq!(read, Modalities { text: 3, audio: 8, ..Modalities::default() });
        assert_eq!(Modalities::read(None), Modalities::default());
    }
}
