//! The calls: who wants what when. The same for every scheduler.

use whatif::engine::Call;
use whatif::noise::Noise;

use crate::world::{Model, Part, World};

/// How arrivals come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Independent of each other: a Poisson process, given its count.
    Poisson,
    /// In bursts of five calls on average, each of one user within two seconds.
    Bursty,
}

/// What traffic to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) shape: Shape,
    /// Tenths of the theoretical capacity.
    pub(crate) tenths: u64,
    pub(crate) patience_ms: i64,
    pub(crate) seed: u64,
}

/// In order of arrival. For every model and day so many calls as `load` times what the quotas allow.
pub(crate) fn calls(world: &World, load: Load) -> Vec<Call> {
    let mut noise = Noise::new(load.seed, load.tenths << 1 | u64::from(load.shape == Shape::Bursty));
    let mut calls = Vec::new();
    for part in world.parts() {
        for (index, model) in world.models.iter().enumerate() {
            let count = world.capacity(model, part) * load.tenths / 10;
            for (at, user) in arrivals(world, part, (load.shape, count), &mut noise) {
                calls.push(call(model, (index, user, at), load.patience_ms, &mut noise));
            }
        }
    }
    calls.sort_by_key(|call| call.at);
    calls
}

fn arrivals(world: &World, part: Part, (shape, count): (Shape, u64), noise: &mut Noise) -> Vec<(i64, usize)> {
    let mut arrivals = Vec::new();
    while (arrivals.len() as u64) < count {
        let (at, user) = (moment(part, noise), user(world, noise));
        arrivals.push((at, user));
        if shape == Shape::Bursty {
            while noise.percent(80) && (arrivals.len() as u64) < count {
                let later = at + noise.below(2_000).cast_signed();
                arrivals.push((later.min(part.to - 1), user));
            }
        }
    }
    arrivals
}

fn moment(part: Part, noise: &mut Noise) -> i64 {
    part.from + noise.below((part.to - part.from).unsigned_abs()).cast_signed()
}

fn user(world: &World, noise: &mut Noise) -> usize {
    let mut left = noise.below(world.demand.iter().sum());
    let fits = |demand: &u64| {
        let here = left < *demand;
        left = left.saturating_sub(*demand);
        here
    };
    world.demand.iter().position(fits).unwrap_or(0)
}

fn call(model: &Model, (index, user, at): (usize, usize, i64), patience_ms: i64, noise: &mut Noise) -> Call {
    let (least, most) = if noise.percent(model.long_percent) { model.long } else { model.usual };
    let tokens = noise.between(least, most);
    Call {
        at,
        deadline: at + patience_ms,
        user,
        model: index,
        tokens,
        // A fifth too low on average, give or take a tenth.
        guess: (tokens * noise.between(720, 880) / 1_000).max(1),
        there_ms: noise.between(20, 80).cast_signed(),
        refusal_ms: noise.between(40, 120).cast_signed(),
        answer_ms: noise.between(800, 6_000).cast_signed(),
    }
}
