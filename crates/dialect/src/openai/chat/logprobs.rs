//! Token probabilities (`wire.md` §6.8).

use serde_json::Value;

use super::shape::{Logprob, Logprobs, TokenLogprob};

/// OpenAI's form of `logprobsResult`; `None` when it holds no token.
pub(super) fn logprobs(result: &Value) -> Option<Logprobs> {
    let chosen = result["chosenCandidates"].as_array()?;
    let rivals = result["topCandidates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let top = |place: usize| rivals.get(place).and_then(|entry| entry["candidates"].as_array());
    let content: Vec<_> = chosen
        .iter()
        .enumerate()
        .filter_map(|(place, token)| {
            let top_logprobs = top(place).into_iter().flatten().filter_map(logprob).collect();
            Some(TokenLogprob { chosen: logprob(token)?, top_logprobs })
        })
        .collect();
    (!content.is_empty()).then(|| Logprobs { content, ..Logprobs::default() })
}

/// A missing probability is the default 0, which JSON leaves out: certainty.
fn logprob(token: &Value) -> Option<Logprob> {
    let text = token["token"].as_str()?;
    let logprob = token["logProbability"].as_f64().unwrap_or(0.0);
    Some(Logprob { token: text.to_owned(), logprob, bytes: text.as_bytes().to_vec() })
}
