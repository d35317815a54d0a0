//! The table for people, and the last line for machines.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::case::{CONTENDERS, Case, Contender, LOADS};
use crate::options::Options;
use crate::score::Score;

/// Prints every run, then one JSON object on one line.
pub(crate) fn print(out: &mut impl Write, options: &Options, rows: &[(Case, Score)]) -> io::Result<()> {
    let Options { seed, before, after, .. } = options;
    writeln!(out, "{before} + {after} virtual minutes around midnight, seed {seed}\n")?;
    writeln!(
        out,
        "{:<17}{:<6}{:<9}{:<9}{:>5}{:>8}{:>9}{:>9}{:>10}{:>9}{:>9}{:>10}{:>9}{:>9}{:>10}{:>8}{:>8}{:>10}{:>9}",
        "scheduler",
        "load",
        "traffic",
        "minute",
        "wait",
        "calls",
        "answers",
        "yield",
        "of calls",
        "bound",
        "of cap.",
        "429/1000",
        "learned",
        "refused",
        "avoidable",
        "p50 s",
        "p99 s",
        "fairness",
        "fairest"
    )?;
    for (case, score) in rows {
        line(out, *case, score)?;
    }
    writeln!(out)?;
    writeln!(out, "{}", json(options, rows))
}

fn line(out: &mut impl Write, case: Case, score: &Score) -> io::Result<()> {
    let Case { contender, tenths, shape, metering, patience_s } = case;
    let load = LOADS.iter().find(|(other, _)| *other == tenths).map_or("", |(_, name)| name);
    write!(
        out,
        "{:<17}{:<6}{:<9}{:<9}{:>3} s{:>8}{:>9}",
        contender.name(),
        load,
        format!("{shape:?}").to_lowercase(),
        format!("{metering:?}").to_lowercase(),
        patience_s,
        score.offered,
        score.answered,
    )?;
    let shares = [score.yielded(), score.of_calls(), score.possible_of_calls(), score.of_capacity()];
    let percents = shares.map(|share| 100.0 * share);
    write!(out, "{:>8.2}%{:>9.2}%{:>8.2}%{:>8.2}%", percents[0], percents[1], percents[2], percents[3])?;
    let per_1000 = [score.upstream_429, score.repeated_429].map(|count| score.per_1000(count));
    write!(out, "{:>10.2}{:>9.2}{:>9}{:>10}", per_1000[0], per_1000[1], score.client_429, score.avoidable)?;
    write!(out, "{:>8.2}{:>8.2}", score.wait(50), score.wait(99))?;
    writeln!(out, "{:>10.4}{:>9.4}", score.fairness, score.fairest)
}

/// By scheduler and load: the figures at the first patience, and beside them those at the others.
fn json(options: &Options, rows: &[(Case, Score)]) -> Value {
    let (first, others) =
        options.patience_s.split_first().map_or((0, &[][..]), |(first, rest)| (*first, rest));
    let cell = |contender, tenths| {
        let mut cell = of(rows, contender, (tenths, first));
        let patient: Vec<Value> =
            others.iter().map(|seconds| Value::Object(of(rows, contender, (tenths, *seconds)))).collect();
        cell.insert("patient".to_owned(), Value::Array(patient));
        Value::Object(cell)
    };
    let contenders = CONTENDERS.into_iter().map(|contender| {
        let loads = LOADS.into_iter().map(|(tenths, name)| (name.to_owned(), cell(contender, tenths)));
        (contender.name().to_owned(), Value::Object(loads.collect::<Map<_, _>>()))
    });
    Value::Object(contenders.collect())
}

fn of(rows: &[(Case, Score)], contender: Contender, (tenths, patience_s): (u64, u32)) -> Map<String, Value> {
    let mut all = Score::default();
    let mut worst = f64::INFINITY;
    let is_meant =
        |case: &Case| (case.contender, case.tenths, case.patience_s) == (contender, tenths, patience_s);
    for (_, score) in rows.iter().filter(|(case, _)| is_meant(case)) {
        all.add(score);
        worst = worst.min(score.yielded());
    }
    let figures = [
        ("patience_s", f64::from(patience_s)),
        ("yield", round(all.yielded(), 4)),
        ("worst_yield", round(worst, 4)),
        ("share_of_calls", round(all.of_calls(), 4)),
        ("possible_share_of_calls", round(all.possible_of_calls(), 4)),
        ("share_of_capacity", round(all.of_capacity(), 4)),
        ("upstream_429_per_1000", round(all.per_1000(all.upstream_429), 2)),
        ("upstream_429_per_1000_once_learned", round(all.per_1000(all.repeated_429), 3)),
        ("p50_s", round(all.wait(50), 3)),
        ("p99_s", round(all.wait(99), 3)),
        ("fairness", round(all.fairness, 4)),
        ("possible_fairness", round(all.fairest, 4)),
    ];
    let counts = [("client_429", all.client_429), ("avoidable_client_429", all.avoidable)];
    let figures = figures.into_iter().map(|(name, figure)| (name.to_owned(), json!(figure)));
    figures.chain(counts.into_iter().map(|(name, count)| (name.to_owned(), json!(count)))).collect()
}

fn round(number: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (number * scale).round() / scale
}
