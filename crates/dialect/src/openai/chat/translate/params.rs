//! The plain parameters (`wire.md` §4.3).

use serde_json::{Number, Value, json};

use super::Work;
use crate::gemini::request::{GenerateContentRequest, GenerationConfig};
use crate::model::Sampling;
use crate::openai::chat::request::options::Scalars;
use crate::openai::error::ApiError;

/// Stop sequences Google takes at most.
const MAX_STOPS: usize = 5;

/// Parameters beside the generation config, and those the gateway itself uses.
pub(super) fn envelope(
    scalars: &mut Scalars,
    out: &mut GenerateContentRequest,
    work: &mut Work<'_>,
) -> Result<(), ApiError> {
    work.hints.end_user = scalars.user.take();
    work.hints.cache_key = scalars.prompt_cache_key.take();
    // Google's own default became true (`wire.md` §1.2), so it is always said.
    let store = scalars.store == Some(true);
    if store && !work.policy.allow_store {
        work.notes.ignore("store", "the operator does not allow Google to keep requests.")?;
    }
    out.store = Some(store && work.policy.allow_store);
    out.service_tier = match scalars.service_tier.as_deref() {
        Some("default" | "standard") => Some("standard".to_owned()),
        Some(tier @ ("flex" | "priority")) => Some(tier.to_owned()),
        // Google's `priority` costs more; nobody who says `auto` asked for that.
        None | Some("auto") => None,
        Some(other) => {
            work.notes.ignore("service_tier", &format!("{other:?} is not a tier of Google's."))?;
            None
        }
    };
    Ok(())
}

/// Sampling, limits, stops, log probabilities.
pub(super) fn sampling(
    scalars: &Scalars,
    config: &mut GenerationConfig,
    work: &mut Work<'_>,
) -> Result<(), ApiError> {
    randomness(scalars, config, work)?;
    candidates(scalars, config, work)?;
    penalties(scalars, config, work)?;
    logprobs(scalars, config, work)?;
    stops(scalars, config, work)?;
    config.max_output_tokens = scalars.max_tokens.map(|tokens| tokens.min(work.capabilities.output_limit));
    if let Some(seed) = scalars.seed {
        let seed = i32::try_from(seed).map_or_else(|_| seed.rem_euclid(1 << 31), i128::from);
        config.extra.insert("seed".to_owned(), json!(i64::try_from(seed).unwrap_or_default()));
    }
    Ok(())
}

fn randomness(s: &Scalars, config: &mut GenerationConfig, work: &mut Work<'_>) -> Result<(), ApiError> {
    let temperature = s.temperature.as_ref().map(|number| clamped(number, 0.0, 2.0));
    let top_p = s.top_p.as_ref().map(|number| clamped(number, 0.0, 1.0));
    let top_k = s.top_k.map(Value::from);
    if work.capabilities.sampling == Sampling::Ignored {
        // Accepted without effect today, a 400 one day (`gemini-2026-11.md` §1.11).
        for (name, value) in [("temperature", temperature), ("top_p", top_p), ("top_k", top_k)] {
            if value.is_some() {
                work.notes.ignore(name, "this model samples by itself.")?;
            }
        }
        return Ok(());
    }
    (config.temperature, config.top_p, config.top_k) = (temperature, top_p, top_k);
    Ok(())
}

fn candidates(s: &Scalars, config: &mut GenerationConfig, work: &mut Work<'_>) -> Result<(), ApiError> {
    let max = work.capabilities.max_candidates.max(1);
    if s.n > max {
        return work
            .notes
            .refuse("n", &format!("this model gives at most {max} per request; ask several times instead."));
    }
    config.candidate_count = Some(s.n).filter(|n| *n > 1);
    Ok(())
}

fn penalties(s: &Scalars, config: &mut GenerationConfig, work: &mut Work<'_>) -> Result<(), ApiError> {
    let all = [
        ("presence_penalty", "presencePenalty", &s.presence_penalty),
        ("frequency_penalty", "frequencyPenalty", &s.frequency_penalty),
    ];
    for (name, wire, value) in all {
        let Some(value) = value.as_ref().filter(|value| value.as_f64() != Some(0.0)) else { continue };
        if work.capabilities.penalties {
            config.extra.insert(wire.to_owned(), clamped(value, -2.0, 2.0));
        } else {
            work.notes.ignore(name, "this model knows no penalties.")?;
        }
    }
    Ok(())
}

fn logprobs(s: &Scalars, config: &mut GenerationConfig, work: &mut Work<'_>) -> Result<(), ApiError> {
    if s.logit_bias {
        work.notes.refuse("logit_bias", "Gemini cannot weigh single tokens; leave it out.")?;
    }
    let Some(top) = s.logprobs else { return Ok(()) };
    if !work.capabilities.logprobs {
        return work.notes.refuse("logprobs", "this model does not tell log probabilities; leave it out.");
    }
    config.extra.insert("responseLogprobs".to_owned(), json!(true));
    if top > 0 {
        config.extra.insert("logprobs".to_owned(), json!(top));
    }
    Ok(())
}

fn stops(s: &Scalars, config: &mut GenerationConfig, work: &mut Work<'_>) -> Result<(), ApiError> {
    if s.stop.len() > MAX_STOPS {
        work.notes.refuse("stop", &format!("at most {MAX_STOPS} stop sequences; shorten the list."))?;
    }
    let stops: Vec<String> = s.stop.iter().take(MAX_STOPS).cloned().collect();
    config.stop_sequences = Some(stops).filter(|stops| !stops.is_empty());
    Ok(())
}

/// The number itself if it is in range, so that it looks as the client wrote it.
fn clamped(number: &Number, low: f64, high: f64) -> Value {
    match number.as_f64() {
        Some(value) if value < low => json!(low),
        Some(value) if value > high => json!(high),
        _ => Value::Number(number.clone()),
    }
}
