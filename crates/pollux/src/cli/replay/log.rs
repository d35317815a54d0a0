//! Reading a call log. Every line must be right: a replay of half a day would mislead.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, stdin};
use std::path::Path;

use anyhow::{Context, ensure};
use whatif::replay::Arrival;

use crate::calllog::{ANSWERED, Line};

/// The end of the year 9999.
const LATEST_MS: i64 = 253_402_300_799_999;
/// A thousand times what any model takes.
const MOST_TOKENS: u64 = 1_000_000_000;
const LONGEST_MS: i64 = 86_400_000;
/// The request itself was refused: no pool would have answered it.
const REQUEST: &str = "request";

/// A call log that was read.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// The calls, in order of arrival.
    pub(super) arrivals: Vec<Arrival>,
    /// How many of them were answered then.
    pub(super) answered: u64,
    /// The others, by outcome.
    pub(super) others: BTreeMap<String, u64>,
    /// Lines that are not replayed: the request itself was to blame.
    pub(super) left_out: u64,
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path) -> anyhow::Result<Recording> {
    if path == Path::new("-") {
        return parse(stdin().lock());
    }
    parse(BufReader::new(std::fs::File::open(path)?))
}

/// Reads lines.
pub(super) fn parse(input: impl BufRead) -> anyhow::Result<Recording> {
    let mut recording = Recording::default();
    for (index, text) in input.lines().enumerate() {
        let at = || format!("line {}", index + 1);
        let text = text.with_context(at)?;
        if !text.trim().is_empty() {
            recording.add(line(&text).with_context(at)?)?;
        }
    }
    ensure!(!recording.arrivals.is_empty(), "there is no call in it");
    recording.arrivals.sort_by_key(|arrival| arrival.at);
    Ok(recording)
}

fn line(text: &str) -> anyhow::Result<Line> {
    let line: Line = serde_json::from_str(text).map_err(|error| {
        let (reason, column) = (error.to_string(), error.column());
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        anyhow::anyhow!("{reason} (column {column})")
    })?;
    let at = line.at.moment();
    ensure!(
        at.is_some_and(|at| (0..=LATEST_MS).contains(&at.0)),
        "`at` is no moment; write ISO 8601 or milliseconds since 1970"
    );
    ensure!(line.input_tokens <= MOST_TOKENS, "`input_tokens` is above {MOST_TOKENS}");
    ensure!(!line.model.is_empty(), "`model` is empty");
    Ok(line)
}

impl Recording {
    fn add(&mut self, line: Line) -> anyhow::Result<()> {
        let at = line.at.moment().context("`at` is no moment")?.0;
        let Line { user, model, input_tokens, ms, attempts, outcome, .. } = line;
        if outcome == REQUEST {
            self.left_out += 1;
            return Ok(());
        }
        let answered = outcome == ANSWERED;
        if answered {
            self.answered += 1;
        } else {
            *self.others.entry(outcome).or_default() += 1;
        }
        // Of a call that took several attempts, nobody knows how long the last one took.
        let answer_ms = (answered && attempts <= 1).then_some(ms.clamp(0, LONGEST_MS));
        self.arrivals.push(Arrival { at, user, model, input_tokens, answer_ms });
        Ok(())
    }

    /// How many different users there are.
    pub(super) fn users(&self) -> usize {
        let users: std::collections::BTreeSet<_> =
            self.arrivals.iter().map(|arrival| &arrival.user).collect();
        users.len()
    }
}
