//! A made-up call log to try a replay with.

use whatif::noise::Noise;

use crate::calllog::{ANSWERED, At, Line};
use crate::clock::{Moment, iso};

/// 2026-11-22 20:00 UTC: noon in Los Angeles.
const NOON: i64 = 1_795_377_600_000;
const CALLS: u64 = 300;
/// A quarter of an hour.
const SPAN_MS: u64 = 900_000;

/// Three hundred calls within a quarter of an hour: one user in five as busy as the rest together, two models.
pub(super) fn log() -> String {
    let mut noise = Noise::new(1, 1);
    let mut times: Vec<u64> = (0..CALLS).map(|_| noise.below(SPAN_MS)).collect();
    times.sort_unstable();
    let lines = times.into_iter().map(|at| line(at, &mut noise));
    lines
        .filter_map(|line| serde_json::to_string(&line).ok())
        .fold(String::new(), |all, line| all + &line + "\n")
}

fn line(at: u64, noise: &mut Noise) -> Line {
    let user = if noise.percent(50) { 0 } else { noise.between(1, 4) };
    let model = if noise.percent(25) { "gemini-3.8-flash" } else { "gemini-3.5-flash-lite" };
    Line {
        at: At::Iso(iso(Moment(NOON + at.cast_signed()))),
        user: format!("user-{user}"),
        model: model.to_owned(),
        input_tokens: noise.between(200, 9_000),
        output_tokens: noise.between(20, 900),
        ms: noise.between(600, 5_000).cast_signed(),
        project: Some(format!("project-{}", noise.below(8))),
        attempts: 1,
        outcome: ANSWERED.to_owned(),
    }
}
