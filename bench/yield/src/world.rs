//! The pool under test: projects, keys, models with their limits, users; and what the quotas allow in all.

use whatif::world::Key;
pub(crate) use whatif::world::MINUTE;

/// 2026-11-21T08:00:00Z: midnight in Los Angeles.
pub(crate) const MIDNIGHT: i64 = 1_795_248_000_000;

/// Limits of one free project on one model (`wire.md` §17.3), and what its calls are like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) rpm: u64,
    pub(crate) tpm: u64,
    pub(crate) rpd: u64,
    /// Input tokens of most calls, evenly between the two.
    pub(crate) usual: (u64, u64),
    /// Input tokens of the few long ones, and how many in a hundred they are.
    pub(crate) long: (u64, u64),
    pub(crate) long_percent: u64,
}

/// Who is there, and how long the traffic lasts.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// As Google has it.
    pub(crate) supply: whatif::world::World,
    pub(crate) models: Vec<Model>,
    /// By user: how much of the traffic is theirs.
    pub(crate) demand: Vec<u64>,
    /// Minutes before and after midnight.
    pub(crate) minutes: (i64, i64),
}

/// One of the two Pacific days that the traffic touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) first: bool,
}

pub(crate) const MODELS: [Model; 3] = [
    Model {
        name: "gemini-3.8-flash",
        rpm: 5,
        tpm: 250_000,
        rpd: 20,
        usual: (2_000, 40_000),
        long: (60_000, 160_000),
        long_percent: 10,
    },
    Model {
        name: "gemini-3.5-flash-lite",
        rpm: 15,
        tpm: 250_000,
        rpd: 500,
        usual: (500, 12_000),
        long: (30_000, 90_000),
        long_percent: 5,
    },
    Model {
        name: "gemma-4-31b-it",
        rpm: 30,
        tpm: 15_000,
        rpd: 14_400,
        usual: (40, 500),
        long: (800, 2_500),
        long_percent: 3,
    },
];

impl World {
    /// Twenty free projects, some with several keys, some keys dead (one project has no other), two half-used days;
    /// fifty users, five of them five times as busy.
    pub(crate) fn standard(minutes: (i64, i64)) -> Self {
        let mut keys = Vec::new();
        for project in 0..20 {
            let count = [1, 2, 1, 3, 1][project % 5];
            let dead = |position| matches!((project, position), (3 | 6 | 10 | 16, 0) | (8, 1));
            keys.extend((0..count).map(|position| Key { project, dead: dead(position) }));
        }
        let demand = (0..50).map(|user| if user % 10 == 0 { 5 } else { 1 }).collect();
        let supply = whatif::world::World {
            projects: 20,
            keys,
            models: MODELS.iter().map(Model::quotas).collect(),
            half_used: vec![4, 13],
            half_used_until: MIDNIGHT,
            free: true,
        };
        Self { supply, models: MODELS.to_vec(), demand, minutes }
    }

    pub(crate) fn parts(&self) -> Vec<Part> {
        let (before, after) = self.minutes;
        let first = Part { from: MIDNIGHT - before * MINUTE, to: MIDNIGHT, first: true };
        let second = Part { from: MIDNIGHT, to: MIDNIGHT + after * MINUTE, first: false };
        [first, second].into_iter().filter(|part| part.from < part.to).collect()
    }

    /// Requests left of the day for each living project.
    pub(crate) fn day_left(&self, model: &Model, part: Part) -> Vec<u64> {
        let living = (0..self.supply.projects).filter(|project| self.supply.is_alive(*project));
        living
            .map(|project| {
                model.rpd - if part.first { self.supply.used_before(project, model.rpd) } else { 0 }
            })
            .collect()
    }

    /// Answers that the quotas of all living projects allow in a part of the time: what the minutes allow, what the
    /// tokens of average calls allow, what the day allows, whichever is least in each bucket.
    pub(crate) fn capacity(&self, model: &Model, part: Part) -> u64 {
        let minutes = (part.to - part.from).unsigned_abs().div_ceil(MINUTE.unsigned_abs());
        let (requests, tokens) = (minutes * model.rpm, minutes * model.tpm / model.mean_tokens());
        self.day_left(model, part).into_iter().map(|left| left.min(requests).min(tokens)).sum()
    }
}

impl Model {
    fn quotas(&self) -> whatif::world::Model {
        let Self { name, rpm, tpm, rpd, .. } = *self;
        whatif::world::Model { name: name.to_owned(), rpm: Some(rpm), tpm: Some(tpm), rpd: Some(rpd) }
    }

    /// Average input tokens.
    pub(crate) fn mean_tokens(&self) -> u64 {
        let middle = |(least, most): (u64, u64)| u64::midpoint(least, most);
        (middle(self.usual) * (100 - self.long_percent) + middle(self.long) * self.long_percent) / 100
    }
}
