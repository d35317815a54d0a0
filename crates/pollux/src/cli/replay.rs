//! `pollux replay`: what another pool or strategy would have made of a recorded day.

mod log;
mod print;
mod sample;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use dialect::model::{Catalogue, Rates};
use pool::calendar;
use whatif::google::Metering;
use whatif::replay::{Arrival, Scenario, replay};
use whatif::world::{Model, World};

use super::{Failure, say};
use crate::clock::Moment;
use crate::config;
use crate::keyring;

use self::log::Recording;

/// Play a recorded day of calls to another pool or strategy.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The call log; `-` for standard input.
    #[arg(required_unless_present = "sample")]
    file: Option<PathBuf>,
    /// Who goes first among the projects that have room.
    #[arg(long, value_enum, default_value_t = Strategy::Headroom)]
    strategy: Strategy,
    /// Google projects.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    projects: u16,
    /// Keys in each project.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    keys_per_project: u16,
    /// Whose usual limits apply, by model, as our catalogue has them.
    #[arg(long, value_enum, default_value_t = Tier::Free, conflicts_with_all = ["rpm", "tpm", "rpd"])]
    tier: Tier,
    /// Requests a minute of each project, for every model. What is not named has no limit.
    #[arg(long)]
    rpm: Option<u64>,
    /// Input tokens a minute of each project, for every model.
    #[arg(long)]
    tpm: Option<u64>,
    /// Requests a Pacific day of each project, for every model.
    #[arg(long)]
    rpd: Option<u64>,
    /// How long a call waits for room.
    #[arg(long, default_value = "10s", value_parser = patience)]
    patience: Duration,
    /// Google's minute goes from :00 to :60, instead of being the last sixty seconds.
    #[arg(long)]
    clock_minute: bool,
    /// Seed of all that is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Print a small made-up call log instead.
    #[arg(long, conflicts_with_all = ["file", "json"])]
    sample: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Strategy {
    /// The largest remaining share of the tightest limit.
    Headroom,
    /// The key with the fewest calls today.
    LeastUsed,
    /// Every key in its turn.
    RoundRobin,
    /// One project until it is full.
    FillFirst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tier {
    /// Small limits; some models are not offered.
    Free,
    /// Tier 1 with billing.
    Paid,
}

pub(super) fn run(command: &Replay) -> Result<(), Failure> {
    let Some(file) = &command.file else {
        say(sample::log().trim_end());
        return Ok(());
    };
    let recording = log::read(file).with_context(|| format!("cannot replay {}", file.display()))?;
    let (arrivals, scenario) = command.scenario(&recording);
    let report = replay(&arrivals, &scenario);
    let text = if command.json {
        print::json(&recording, &report).to_string()
    } else {
        print::text(&recording, &scenario, &report)
    };
    say(text.trim_end());
    Ok(())
}

impl Replay {
    /// The arrivals, with the names of the buckets in place of the models', and the pool they meet.
    fn scenario(&self, recording: &Recording) -> (Vec<Arrival>, Scenario) {
        let today = recording.arrivals.first().map_or(Moment(0), |arrival| Moment(arrival.at));
        let today = calendar::date(today).to_string();
        let mut buckets = BTreeMap::new();
        let mut models = BTreeMap::new();
        let mut arrivals = recording.arrivals.clone();
        for arrival in &mut arrivals {
            let known = buckets.entry(arrival.model.clone());
            let bucket: &String = known.or_insert_with(|| {
                let model = self.model(&arrival.model, &today);
                let name = model.name.clone();
                models.entry(name.clone()).or_insert(model);
                name
            });
            arrival.model.clone_from(bucket);
        }
        let (projects, keys) = (usize::from(self.projects), usize::from(self.keys_per_project));
        let world = World::of(projects, keys, models.into_values().collect());
        let scenario = Scenario {
            world: World { free: self.tier == Tier::Free, ..world },
            strategy: self.strategy.into(),
            metering: if self.clock_minute { Metering::Clock } else { Metering::Sliding },
            patience_ms: i64::try_from(self.patience.as_millis()).unwrap_or(i64::MAX),
            seed: self.seed,
        };
        (arrivals, scenario)
    }

    fn model(&self, id: &str, today: &str) -> Model {
        let catalogue = Catalogue::builtin();
        let resolved = catalogue.resolve(id, today);
        let usual = catalogue.get(&resolved.effective_id).map(|model| &model.limits);
        let Self { rpm, tpm, rpd, .. } = *self;
        let given = rpm.is_some() || tpm.is_some() || rpd.is_some();
        let Rates { rpm, tpm, rpd } = match (given, usual, self.tier) {
            (true, ..) | (false, None, _) => Rates { rpm, tpm, rpd },
            (false, Some(usual), Tier::Free) => usual.free,
            (false, Some(usual), Tier::Paid) => usual.paid,
        };
        Model { name: resolved.bucket, rpm, tpm, rpd }
    }
}

impl From<Strategy> for keyring::Strategy {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Headroom => Self::Headroom,
            Strategy::LeastUsed => Self::LeastUsed,
            Strategy::RoundRobin => Self::RoundRobin,
            Strategy::FillFirst => Self::FillFirst,
        }
    }
}

fn patience(text: &str) -> Result<Duration, String> {
    config::patience(text).ok_or_else(|| String::from("write for example 0, 500ms, 10s or 2m"))
}

#[cfg(test)]
mod tests;
