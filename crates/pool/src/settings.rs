//! What an operator may turn.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Who goes first among the projects that have room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The project with the largest remaining share of its tightest limit. Unknown limits are judged by what
    /// sibling projects of the tier taught, else by cautious nominal numbers; they never block.
    #[default]
    Headroom,
    /// The key with the fewest calls of the model in the Pacific day, then the fewest in flight.
    LeastUsed,
    /// Every ready key once per round, projects interleaved: a project with three keys gets three turns.
    RoundRobin,
    /// One project until it is full, in order of weight, then id.
    FillFirst,
}

/// The pool's settings. [`crate::Pool::new`] brings what is out of range to the nearest allowed value; use
/// [`Settings::check`] to tell the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who goes first.
    pub strategy: Strategy,
    /// A day bench ends at the Pacific midnight plus up to so much, so that the pool does not return in one
    /// second (0–600,000; `wire.md` §9.2 says 120,000).
    pub day_jitter_ms: u32,
    /// Added to the 60 s window: calls do not reach Google equally fast (0–5,000).
    pub minute_margin_ms: u32,
    /// A bench this long is released through one probe call (1,000–86,400,000).
    pub probe_from_ms: u32,
    /// How long a probe may be out before another may go (1,000–3,600,000).
    pub probe_patience_ms: u32,
    /// When nothing else is ready, a soft bench holds no longer than this (0–300,000).
    pub soft_patience_ms: u32,
    /// Calls in flight per bucket at most; `None` is no limit.
    pub concurrency: Option<u32>,
    /// A call in flight is forgotten after so long without another (60,000–86,400,000).
    pub lease_ms: u32,
    /// Over how many replicas the limits are divided, where they do not hear of each other (1–10,000).
    pub replicas: u32,
}

/// What is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("`{name}` must be between {least} and {most}, not {value}")]
pub struct SettingsError {
    /// The field.
    pub name: &'static str,
    /// The smallest allowed value.
    pub least: u32,
    /// The largest allowed value.
    pub most: u32,
    /// What was given.
    pub value: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            day_jitter_ms: 120_000,
            minute_margin_ms: 200,
            probe_from_ms: 600_000,
            probe_patience_ms: 120_000,
            soft_patience_ms: 10_000,
            concurrency: None,
            lease_ms: 900_000,
            replicas: 1,
        }
    }
}

impl Settings {
    /// Every field that is out of range.
    pub fn check(&self) -> Vec<SettingsError> {
        let mut copy = *self;
        copy.bring_into_range()
    }

    pub(crate) fn in_range(mut self) -> Self {
        self.bring_into_range();
        self
    }

    fn bring_into_range(&mut self) -> Vec<SettingsError> {
        let Self {
            strategy: _,
            day_jitter_ms,
            minute_margin_ms,
            probe_from_ms,
            probe_patience_ms,
            soft_patience_ms,
            concurrency,
            lease_ms,
            replicas,
        } = self;
        let mut errors = Vec::new();
        let mut fit = |name, field: &mut u32, least, most| {
            if !(least..=most).contains(field) {
                errors.push(SettingsError { name, least, most, value: *field });
                *field = (*field).clamp(least, most);
            }
        };
        fit("day_jitter_ms", day_jitter_ms, 0, 600_000);
        fit("minute_margin_ms", minute_margin_ms, 0, 5_000);
        fit("probe_from_ms", probe_from_ms, 1_000, 86_400_000);
        fit("probe_patience_ms", probe_patience_ms, 1_000, 3_600_000);
        fit("soft_patience_ms", soft_patience_ms, 0, 300_000);
        fit("lease_ms", lease_ms, 60_000, 86_400_000);
        fit("replicas", replicas, 1, 10_000);
        if let Some(concurrency) = concurrency {
            fit("concurrency", concurrency, 1, u32::MAX);
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range() {
        assert_eq!(Settings::default().check(), []);
    }

    #[test]
    fn every_fault_is_named_and_mended() {
        let wrong = Settings { day_jitter_ms: 700_000, concurrency: Some(0), ..Settings::default() };
        let names: Vec<_> = wrong.check().iter().map(|error| error.name).collect();
        assert_eq!(names, ["day_jitter_ms", "concurrency"]);
        let mended = wrong.in_range();
        assert_eq!((mended.day_jitter_ms, mended.concurrency), (600_000, Some(1)));
        assert_eq!(mended.check(), []);
    }
}
