//! Which runs there are, and how they are spread over threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pool::Strategy;
use whatif::engine::{self, Call, Scheduler};
use whatif::gateway::Gateway;
use whatif::google::Metering;

use crate::options::Options;
use crate::rivals::{BlindRotation, FailureEjection};
use crate::score::Score;
use crate::traffic::{self, Load, Shape};
use crate::world::World;

/// A scheduler under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    Pool(Strategy),
    BlindRotation,
    FailureEjection,
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) contender: Contender,
    pub(crate) tenths: u64,
    pub(crate) shape: Shape,
    pub(crate) metering: Metering,
    pub(crate) patience_s: u32,
}

pub(crate) const CONTENDERS: [Contender; 5] = [
    Contender::Pool(Strategy::Headroom),
    Contender::Pool(Strategy::LeastUsed),
    Contender::Pool(Strategy::RoundRobin),
    Contender::BlindRotation,
    Contender::FailureEjection,
];
/// Tenths of the capacity, with their names.
pub(crate) const LOADS: [(u64, &str); 3] = [(5, "0.5x"), (10, "1x"), (30, "3x")];
const WAYS: [(Shape, Metering); 4] = [
    (Shape::Poisson, Metering::Sliding),
    (Shape::Poisson, Metering::Clock),
    (Shape::Bursty, Metering::Sliding),
    (Shape::Bursty, Metering::Clock),
];

impl Contender {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pool(Strategy::Headroom) => "headroom",
            Self::Pool(Strategy::LeastUsed) => "least_used",
            Self::Pool(Strategy::RoundRobin) => "round_robin",
            Self::Pool(Strategy::FillFirst) => "fill_first",
            Self::BlindRotation => "blind_rotation",
            Self::FailureEjection => "failure_ejection",
        }
    }

    fn scheduler<'a>(self, world: &'a World, calls: &'a [Call], seed: u64) -> Box<dyn Scheduler + 'a> {
        let (keys, count) = (world.supply.keys.len(), calls.len());
        match self {
            Self::Pool(strategy) => Box::new(Gateway::new(&world.supply, calls, strategy, seed)),
            Self::BlindRotation => Box::new(BlindRotation::new(keys, count)),
            Self::FailureEjection => Box::new(FailureEjection::new(keys, count)),
        }
    }
}

/// Every run, in the order of the table.
pub(crate) fn run_all(options: &Options) -> Vec<(Case, Score)> {
    let cases: Vec<Case> = CONTENDERS
        .into_iter()
        .flat_map(|contender| LOADS.map(|(tenths, _)| (contender, tenths)))
        .flat_map(|(contender, tenths)| WAYS.map(|way| (contender, tenths, way)))
        .flat_map(|(contender, tenths, (shape, metering))| {
            let case =
                move |patience_s: &u32| Case { contender, tenths, shape, metering, patience_s: *patience_s };
            options.patience_s.iter().map(case).collect::<Vec<_>>()
        })
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| {
            let index = next.fetch_add(1, Ordering::Relaxed);
            cases.get(index).map(|case| (index, *case))
        });
        mine.map(|(index, case)| (index, case, run(case, options))).collect::<Vec<_>>()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    done.sort_unstable_by_key(|(index, ..)| *index);
    done.into_iter().map(|(_, case, score)| (case, score)).collect()
}

/// One run.
pub(crate) fn run(case: Case, options: &Options) -> Score {
    let Options { seed, before, after, .. } = *options;
    let world = World::standard((i64::from(before), i64::from(after)));
    let Case { contender, tenths, shape, metering, patience_s } = case;
    let load = Load { shape, tenths, patience_ms: i64::from(patience_s) * 1_000, seed };
    let calls = traffic::calls(&world, load);
    let mut scheduler = contender.scheduler(&world, &calls, seed);
    let trace = engine::play(&world.supply, metering, &calls, scheduler.as_mut());
    Score::of(&world, &calls, &trace)
}
