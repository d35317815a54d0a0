//! What a replay says, for people and for machines.

use std::fmt::{Display, Write};
use std::time::Duration;

use serde_json::{Value, json};
use whatif::google::Metering;
use whatif::replay::{Report, Scenario};

use super::log::Recording;
use crate::clock::{Moment, iso};
use crate::keyring::Strategy;

/// For people.
pub(super) fn text(recording: &Recording, scenario: &Scenario, report: &Report) -> String {
    let mut out = String::new();
    let mut row = |name: &str, text: String| {
        let _ = writeln!(out, "{name:<15}{text}");
    };
    row("calls", format!("{} of {} users, {}", report.calls, recording.users(), span(recording)));
    if recording.left_out > 0 {
        let reason = "the request itself was refused, which no pool would change";
        row("left out", format!("{} more: {reason}", recording.left_out));
    }
    row("as recorded", tell(recording.answered, report.calls, &recording.others));
    row("pool", pool(scenario));
    for model in &scenario.world.models {
        let limit = |limit: Option<u64>| limit.map_or_else(|| String::from("any"), |limit| limit.to_string());
        let [rpm, tpm, rpd] = [model.rpm, model.tpm, model.rpd].map(limit);
        row("", format!("{}: RPM {rpm}, TPM {tpm}, RPD {rpd}", model.name));
    }
    row("answers", tell(report.answers, report.calls, &report.refused));
    let rate = report.upstream_429_per_1000().map(|rate| format!(" ({rate:.1} per 1,000 answers)"));
    row("upstream 429s", format!("{}{}", report.upstream_429, rate.unwrap_or_default()));
    let [median, most] = [50, 99].map(|percent| seconds(report.wait_ms(percent)));
    row("wait", format!("p50 {median:.2} s, p99 {most:.2} s"));
    row("fairness", format!("{:.4}", report.fairness));
    for dry in &report.dry {
        row("ran dry", format!("{} at {} ({})", dry.model, iso(Moment(dry.at)), dry.why));
    }
    out
}

/// For machines.
pub(super) fn json(recording: &Recording, report: &Report) -> Value {
    let dry =
        report.dry.iter().map(|dry| json!({"model": dry.model, "at": iso(Moment(dry.at)), "why": dry.why}));
    json!({
        "calls": report.calls,
        "users": recording.users(),
        "left_out": recording.left_out,
        "recorded": {"answers": recording.answered, "others": recording.others},
        "answers": report.answers,
        "refused": report.refused,
        "upstream_429": report.upstream_429,
        "upstream_429_per_1000": report.upstream_429_per_1000(),
        "p50_s": seconds(report.wait_ms(50)),
        "p99_s": seconds(report.wait_ms(99)),
        "fairness": report.fairness,
        "dry": dry.collect::<Vec<_>>(),
    })
}

fn span(recording: &Recording) -> String {
    let ends = [recording.arrivals.first(), recording.arrivals.last()];
    let [from, to] = ends.map(|arrival| arrival.map_or_else(String::new, |arrival| iso(Moment(arrival.at))));
    format!("{from} to {to}")
}

fn pool(scenario: &Scenario) -> String {
    let Scenario { world, strategy, metering, patience_ms, .. } = scenario;
    let minute = match metering {
        Metering::Sliding => "sliding minutes",
        Metering::Clock => "clock minutes",
    };
    let strategy = name(*strategy);
    let patience = seconds(*patience_ms);
    format!(
        "projects {}, keys {}, {strategy}, {minute}, patience {patience} s; each project has:",
        world.projects,
        world.keys.len()
    )
}

fn name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Headroom => "headroom",
        Strategy::LeastUsed => "least_used",
        Strategy::RoundRobin => "round_robin",
        Strategy::FillFirst => "fill_first",
    }
}

/// `12 (80.0 %); busy 2, day_used_up 1`.
fn tell<'a>(
    answers: u64,
    calls: u64,
    others: impl IntoIterator<Item = (&'a (impl Display + 'a), &'a u64)>,
) -> String {
    let tenths = (answers * 1_000).checked_div(calls).unwrap_or(0);
    let others: Vec<String> = others.into_iter().map(|(why, count)| format!("{why} {count}")).collect();
    let others = if others.is_empty() { String::new() } else { format!("; not: {}", others.join(", ")) };
    format!("{answers} ({}.{} %){others}", tenths / 10, tenths % 10)
}

fn seconds(ms: i64) -> f64 {
    Duration::from_millis(ms.unsigned_abs()).as_secs_f64()
}
