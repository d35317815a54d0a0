//! Usage over a whole stream, and over the hops of a long decode (`wire.md` §7.5, `gemini-2026-11.md` §1.5).

use serde_json::{Map, Value, json};

use super::{Tokens, UsageMetadata};

#[cfg(test)]
mod tests;

/// Keeps count: inside a hop the last seen value of each field stands, over hops the fields add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsageTally {
    /// The sum of the hops that are over.
    past: Option<UsageMetadata>,
    past_tokens: Tokens,
    /// The first hop that counted its prompt, once it is over.
    first: Option<UsageMetadata>,
    current: UsageMetadata,
    seen: bool,
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
        if self.first.is_none() && hop.prompt_token_count.is_some() {
            self.first = Some(hop.clone());
        }
        self.past_tokens = sum_tokens(self.past_tokens, hop.tokens());
        self.past = Some(match self.past.take() {
            None => hop,
            Some(past) => sum(past, hop),
        });
    }

    /// Has any usage been reported? If not, what is counted is an estimate at best.
    pub(crate) fn is_seen(&self) -> bool {
        self.seen
    }

    /// What is billed: every hop's prompt counts.
    pub fn tokens(&self) -> Tokens {
        sum_tokens(self.past_tokens, self.current.tokens())
    }

    /// What is billed, in Google's own form.
    fn metadata(&self) -> UsageMetadata {
        match &self.past {
            None => self.current.clone(),
            Some(past) => sum(past.clone(), self.current.clone()),
        }
    }

    /// What the client is shown: the output of all hops, the prompt it really sent (`wire.md` §6.6).
    pub fn shown(&self) -> UsageMetadata {
        let all = self.metadata();
        if self.past.is_none() {
            return all;
        }
        let first = self.first.as_ref().unwrap_or(&self.current);
        let is_counted = all.total_token_count.or(all.prompt_token_count).is_some();
        let (input, Tokens { output, thoughts, .. }) = (first.tokens().input, self.tokens());
        UsageMetadata {
            prompt_token_count: first.prompt_token_count,
            cached_content_token_count: first.cached_content_token_count,
            // Hops may differ in whether they count thoughts here; now none does.
            candidates_token_count: is_counted.then(|| output.saturating_sub(thoughts)),
            thoughts_token_count: all.thoughts_token_count.map(|_| thoughts),
            tool_use_prompt_token_count: first.tool_use_prompt_token_count,
            total_token_count: is_counted.then(|| input.saturating_add(output)),
            prompt_tokens_details: first.prompt_tokens_details.clone(),
            candidates_tokens_details: all.candidates_tokens_details,
            service_tier: all.service_tier,
            extra: all.extra.into_iter().chain(first.extra.clone()).collect(),
        }
    }

    /// The tier that served the call, as far as is known.
    pub fn service_tier(&self) -> Option<&str> {
        let past = self.past.as_ref().and_then(|past| past.service_tier.as_deref());
        self.current.service_tier.as_deref().or(past)
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
        input: left.input.saturating_add(input),
        cached: left.cached.saturating_add(cached),
        output: left.output.saturating_add(output),
        thoughts: left.thoughts.saturating_add(thoughts),
        total: left.total.saturating_add(total),
    }
}

fn sum(past: UsageMetadata, hop: UsageMetadata) -> UsageMetadata {
    let add = |left: Option<u64>, right: Option<u64>| match (left, right) {
        (Some(left), Some(right)) => Some(left.saturating_add(right)),
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
                    Some((_, sum, _)) => *sum = sum.saturating_add(tokens),
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
