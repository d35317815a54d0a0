//! What is written down of a call.

use std::time::Duration;

use dialect::gemini::usage::Tokens;

use crate::store::usage::{Attempt, Counts, Ending, Record, Source, Timings};
use crate::telemetry::call::{ANSWERED, Begun, CLIENT_GONE, CUT, Ended, Tried};

/// Letters of Google's words that are kept of an attempt.
const LONGEST_REASON: usize = 500;
/// Letters of a model's name that are kept, as the client wrote it.
const LONGEST_MODEL: usize = 200;

/// The record of a call.
pub(super) fn record(ended: Ended) -> Record {
    let Ended {
        begun,
        began,
        took,
        prepared,
        waited,
        google,
        first_event,
        attempts,
        decision,
        outcome,
        status,
        tokens,
        estimated,
        cost,
        model_version,
    } = ended;
    let Begun { request, user, surface, asked, model, streamed, address, agent, .. } = begun;
    let ending = ending(outcome);
    let last = attempts.last();
    Record {
        id: request,
        began_ms: began.0,
        ended_ms: began.0.saturating_add(ms(took)),
        user,
        surface: surface.to_owned(),
        model_asked: shortened(&asked, LONGEST_MODEL),
        model,
        model_served: model_version.unwrap_or_default(),
        streamed,
        project: last.map(|tried| tried.project.clone()).unwrap_or_default(),
        key: last.map(|tried| tried.key.clone()).unwrap_or_default(),
        attempt_count: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
        attempts: attempts.into_iter().map(attempt).collect(),
        decision,
        outcome: outcome.to_owned(),
        status,
        tokens: tokens.map(counts).unwrap_or_default(),
        source: source((tokens.is_some(), estimated), ending),
        cost_microdollars: cost.unwrap_or_default(),
        timings: Timings {
            prepared_ms: ms(prepared),
            queued_ms: ms(waited),
            upstream_ms: ms(google),
            first_event_ms: first_event.map(ms),
            total_ms: ms(took),
        },
        ending,
        client_address: address,
        client_agent: agent,
    }
}

fn ending(outcome: &str) -> Ending {
    match outcome {
        ANSWERED => Ending::Clean,
        CUT => Ending::Cut,
        CLIENT_GONE => Ending::ClientGone,
        _ => Ending::Refused,
    }
}

fn source((counted, estimated): (bool, bool), ending: Ending) -> Source {
    match (counted, ending) {
        (false, _) => Source::None,
        (true, _) if estimated => Source::Estimated,
        (true, Ending::Clean) => Source::Exact,
        (true, Ending::Cut | Ending::ClientGone | Ending::Refused) => Source::LastSeen,
    }
}

fn counts(tokens: Tokens) -> Counts {
    let Tokens { input, cached, output, thoughts, total: _ } = tokens;
    // Google's tool results are part of the input; how many they were is not told apart here.
    Counts { input, cached, output, thinking: thoughts, tool_use: 0 }
}

fn attempt(tried: Tried) -> Attempt {
    let Tried { after, project, key, outcome, status, elapsed, reason, counted } = tried;
    let outcome = if outcome.is_empty() { "cancelled" } else { outcome };
    Attempt {
        after_ms: ms(after),
        project,
        key,
        outcome: outcome.to_owned(),
        status,
        elapsed_ms: ms(elapsed),
        reason: shortened(&reason, LONGEST_REASON),
        counted,
    }
}

fn shortened(text: &str, letters: usize) -> String {
    let end = text.char_indices().nth(letters).map(|(at, _)| at);
    end.and_then(|at| text.get(..at)).map_or_else(|| text.to_owned(), |start| format!("{start}…"))
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
