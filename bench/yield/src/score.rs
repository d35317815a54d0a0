//! From what happened to numbers. Each is defined in the program's help.

use std::collections::HashMap;

use whatif::engine::{Attempt, Call, Trace};
use whatif::fair::{jain, max_min};
use whatif::google::{Quota, Verdict};

use crate::hindsight;
use crate::world::World;

/// One run, or several added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Score {
    pub(crate) offered: u64,
    pub(crate) answered: u64,
    /// The theoretical capacity.
    pub(crate) capacity: u64,
    /// What the quotas allow to these calls: the most that hindsight can deliver.
    pub(crate) possible: u64,
    pub(crate) upstream_429: u64,
    /// Those that named a limit which had been named before.
    pub(crate) repeated_429: u64,
    pub(crate) client_429: u64,
    pub(crate) avoidable: u64,
    /// Milliseconds from arrival to the sending of the attempt that was answered, sorted.
    pub(crate) waits: Vec<i64>,
    pub(crate) fairness: f64,
    /// What fairness could have been with the same moments to share out.
    pub(crate) fairest: f64,
}

impl Score {
    pub(crate) fn of(world: &World, calls: &[Call], trace: &Trace) -> Self {
        let models = 0..world.models.len();
        let answers =
            trace.answered.iter().enumerate().filter_map(|(call, attempt)| Some((call, (*attempt)?)));
        let mut waits: Vec<i64> =
            answers.map(|(call, attempt)| trace.attempts[attempt].sent - calls[call].at).collect();
        waits.sort_unstable();
        let (upstream_429, repeated_429) = exhausted(world, calls, trace);
        let due = due(world, calls);
        Self {
            offered: calls.len() as u64,
            answered: waits.len() as u64,
            capacity: models.clone().map(|model| capacity(world, calls, model)).sum(),
            possible: models.map(|model| hindsight::possible(world, calls, model)).sum(),
            upstream_429,
            repeated_429,
            client_429: trace.refused.iter().flatten().count() as u64,
            avoidable: hindsight::avoidable(world, calls, trace),
            waits,
            fairness: fairness(calls, trace, &due),
            fairest: hindsight::fairest(world, calls, trace, &due),
        }
    }

    /// Adds another run; fairness is that of the less fair of the two.
    pub(crate) fn add(&mut self, other: &Self) {
        let Self { offered, answered, capacity, possible, upstream_429, .. } = other;
        let Self { repeated_429, client_429, avoidable, waits, fairness, fairest, .. } = other;
        if self.offered == 0 || *fairness < self.fairness {
            (self.fairness, self.fairest) = (*fairness, *fairest);
        }
        self.offered += offered;
        self.answered += answered;
        self.capacity += capacity;
        self.possible += possible;
        self.upstream_429 += upstream_429;
        self.repeated_429 += repeated_429;
        self.client_429 += client_429;
        self.avoidable += avoidable;
        self.waits.extend(waits);
        self.waits.sort_unstable();
    }

    pub(crate) fn yielded(&self) -> f64 {
        share(self.answered, self.possible)
    }

    pub(crate) fn of_calls(&self) -> f64 {
        share(self.answered, self.offered)
    }

    pub(crate) fn possible_of_calls(&self) -> f64 {
        share(self.possible, self.offered)
    }

    pub(crate) fn of_capacity(&self) -> f64 {
        share(self.answered, self.capacity)
    }

    pub(crate) fn per_1000(&self, count: u64) -> f64 {
        1_000.0 * share(count, self.answered)
    }

    /// Seconds.
    pub(crate) fn wait(&self, percent: usize) -> f64 {
        let place = self.waits.len().saturating_sub(1) * percent / 100;
        self.waits.get(place).map_or(0.0, |ms| float(ms.unsigned_abs()) / 1_000.0)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// The last part is longer by the callers' patience: who came at its end waits into it.
fn capacity(world: &World, calls: &[Call], model: usize) -> u64 {
    let patience = calls.first().map_or(0, |call| call.deadline - call.at);
    let mut parts = world.parts();
    if let Some(last) = parts.last_mut() {
        last.to += patience;
    }
    parts.into_iter().map(|part| world.capacity(&world.models[model], part)).sum()
}

/// All 429s from upstream, and those that named only limits whose first 429 was back when the call was sent.
fn exhausted(world: &World, calls: &[Call], trace: &Trace) -> (u64, u64) {
    let mut known: HashMap<(usize, usize, u8), i64> = HashMap::new();
    let place = |attempt: &Attempt, quota: &Quota| {
        (world.supply.keys[attempt.key].project, calls[attempt.call].model, *quota as u8)
    };
    let refused = || {
        trace.attempts.iter().filter_map(|attempt| match &attempt.verdict {
            Verdict::Exhausted { quotas, .. } => Some((attempt, quotas)),
            Verdict::Passed | Verdict::DeadKey => None,
        })
    };
    for (attempt, quotas) in refused() {
        for (quota, _) in quotas {
            let first = known.entry(place(attempt, quota)).or_insert(i64::MAX);
            *first = (*first).min(attempt.replied);
        }
    }
    let repeated = refused().filter(|(attempt, quotas)| {
        quotas
            .iter()
            .all(|(quota, _)| known.get(&place(attempt, quota)).is_some_and(|first| *first <= attempt.sent))
    });
    (refused().count() as u64, repeated.count() as u64)
}

/// By user: the max-min fair share of the capacity.
fn due(world: &World, calls: &[Call]) -> Vec<f64> {
    let users = world.demand.len();
    let mut due = vec![0.0; users];
    for model in 0..world.models.len() {
        let mut wanted = vec![0; users];
        calls.iter().filter(|call| call.model == model).for_each(|call| wanted[call.user] += 1);
        let shares = max_min(&wanted, capacity(world, calls, model));
        due.iter_mut().zip(shares).for_each(|(due, share)| *due += share);
    }
    due
}

/// Jain's index over users of answers divided by their shares.
fn fairness(calls: &[Call], trace: &Trace, due: &[f64]) -> f64 {
    let mut got = vec![0.0; due.len()];
    for (call, answered) in calls.iter().zip(&trace.answered) {
        got[call.user] += f64::from(u8::from(answered.is_some()));
    }
    even(&got, due)
}

/// Jain's index over users who are due anything.
pub(crate) fn even(got: &[f64], due: &[f64]) -> f64 {
    let ratios = got.iter().zip(due).filter(|(_, due)| **due > 0.0).map(|(got, due)| got / due);
    jain(&ratios.collect::<Vec<_>>())
}
