//! Mutated input for everything that reads what a stranger sent. See `docs/fuzzing.md`.
//!
//! `FUZZ_RUNS` inputs for each target, made from seeds one after the other; `FUZZ_SEED` is the first of them. A failure
//! names its seed and shows its input. The files of the folder `FUZZ_CORPUS` are mutated too, if it is set.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod answers;
mod mutate;
mod requests;
mod seeds;
mod upstream;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mutate::{Dice, mutated};

/// Reads one input, checks what it became, and says whether it was accepted.
type Target = fn(&[u8], &mut Dice) -> bool;

/// A debug build does this in seconds.
const FEW: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a knob of the test")]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

fn fuzz(name: &str, own: &[&str], target: Target) {
    let runs = number("FUZZ_RUNS").unwrap_or(FEW);
    let first = number("FUZZ_SEED").unwrap_or(0);
    let corpus = seeds::corpus(own);
    let mut accepted = 0_u64;
    for seed in first..first.saturating_add(runs) {
        let mut dice = Dice::new(seed);
        let input = mutated(&corpus, &mut dice);
        let Ok(was_accepted) = catch_unwind(AssertUnwindSafe(|| target(&input, &mut dice))) else {
            panic!("{name} fails: FUZZ_SEED={seed} FUZZ_RUNS=1, on {}", input.escape_ascii());
        };
        accepted += u64::from(was_accepted);
    }
    println!("{name}: {runs} inputs, {accepted} accepted");
    assert!(
        runs < FEW || accepted > runs / 50,
        "{name}: hardly anything is accepted, so hardly anything is tested"
    );
}

#[test]
fn sse() {
    fuzz("sse", seeds::STREAMS, upstream::sse);
}

#[test]
fn events() {
    fuzz("events", seeds::EVENTS, upstream::event);
}

#[test]
fn errors() {
    fuzz("errors", seeds::ERRORS, upstream::error);
}

#[test]
fn gemini() {
    fuzz("gemini", seeds::GEMINI, upstream::request);
}

#[test]
fn chat() {
    fuzz("chat", seeds::CHAT, requests::chat);
}

#[test]
fn messages() {
    fuzz("messages", seeds::MESSAGES, requests::messages);
}

#[test]
fn embeddings() {
    fuzz("embeddings", seeds::EMBEDDINGS, requests::embeddings);
}

#[test]
fn chat_answers() {
    fuzz("chat_answers", seeds::STREAMS, answers::chat);
}

#[test]
fn message_answers() {
    fuzz("message_answers", seeds::STREAMS, answers::messages);
}
