//! One model (one bucket name of Google's): its buckets by project, and the sets that make choosing quick.

use std::collections::BTreeSet;

use crate::Moment;
use crate::bench::{self, Bench};
use crate::bucket::{Bucket, WHOLE};
use crate::calendar::PacificDay;
use crate::choose::Cost;
use crate::estimate::Calibration;
use crate::gate::{Gate, Why};
use crate::incident::Incident;
use crate::limits::{Gauge, Layers, Limits};
use crate::rank::{Place, Rank, Standing};
use crate::roster::{Key, KeyId, Project, ProjectId, Roster, Tier, reserve_some};
use crate::settings::{Settings, Strategy};

/// The least a call can cost; what fits nothing of this, fits nothing.
const LEAST: Cost = Cost { requests: 1, tokens: 0 };
/// How many due buckets one step moves: bounds the work at midnight, when all come due. A choice sees the rest.
const DUE_PER_STEP: usize = 16;
const MINUTE_MS: i64 = 60_000;

/// For ranking only, where nothing is known at all: a free project's usual order of magnitude (`wire.md` §17.3).
const NOMINAL: Limits = Limits { rpm: Some(10), tpm: Some(250_000), rpd: Some(100), tpd: None };

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) name: String,
    /// Other names that Google counts here.
    pub(crate) aliases: Vec<String>,
    pub(crate) defaults: Layers,
    /// By tier (paid or not): what the last project taught, to rank those that are unknown still.
    presumed: [Limits; 2],
    /// The largest limits that unpaid projects were taught: beyond these an unknown one is explored call by call.
    taught: Layers,
    /// By project.
    pub(crate) buckets: Vec<Bucket>,
    /// Unpaid and paid projects.
    pub(crate) lanes: [Lane; 2],
    pub(crate) bench: Option<Box<Bench>>,
    pub(crate) incident: Incident,
    pub(crate) calibration: Calibration,
    /// Round-robin time of the latest call.
    served: u64,
    /// Another model took over everything.
    pub(crate) united_into: Option<usize>,
}

/// The projects of a model that have room, and those that have not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    pub(crate) ready: BTreeSet<Rank>,
    pub(crate) waiting: BTreeSet<(Moment, ProjectId)>,
    /// Those of `waiting` that open sooner if the pool is empty otherwise.
    pub(crate) soft: BTreeSet<(Moment, ProjectId)>,
    /// How many of `waiting` have no quota at all.
    pub(crate) not_offered: usize,
}

/// What every judgement needs besides the bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ctx<'a> {
    pub(crate) roster: &'a Roster,
    pub(crate) settings: &'a Settings,
    pub(crate) day: PacificDay,
    pub(crate) now: Moment,
    /// The pool is empty otherwise: soft benches hold less long.
    pub(crate) relax: bool,
}

impl Ctx<'_> {
    pub(crate) fn span(&self) -> i64 {
        MINUTE_MS + i64::from(self.settings.minute_margin_ms)
    }
}

impl Model {
    /// A model nobody has used yet, with every project in its place.
    pub(crate) fn new(name: &str, ctx: &Ctx<'_>) -> Self {
        let mut model = Self { name: name.to_owned(), ..Self::empty() };
        model.replace_all(ctx);
        model
    }

    /// A model without a name or a project.
    pub(crate) fn empty() -> Self {
        Self {
            name: String::new(),
            aliases: Vec::new(),
            defaults: Layers::default(),
            presumed: [NOMINAL; 2],
            taught: Layers::default(),
            buckets: Vec::new(),
            lanes: <[Lane; 2]>::default(),
            bench: None,
            incident: Incident::default(),
            calibration: Calibration::default(),
            served: 0,
            united_into: None,
        }
    }

    pub(crate) fn bucket(&self, id: ProjectId) -> Option<&Bucket> {
        self.buckets.get(id.0 as usize)
    }

    pub(crate) fn bucket_mut(&mut self, id: ProjectId) -> &mut Bucket {
        let index = id.0 as usize;
        if self.buckets.len() <= index {
            reserve_some(&mut self.buckets, index + 1);
            self.buckets.resize_with(index + 1, Bucket::default);
        }
        &mut self.buckets[index]
    }

    /// When a call of this cost gets through on a project. The model's own bench is not looked at.
    pub(crate) fn gate(&self, project: &Project, cost: Cost, ctx: &Ctx<'_>) -> Gate {
        let Some(bucket) = self.bucket(project.spec.id) else { return Gate::never(Why::Disabled) };
        project
            .gate(ctx.settings, ctx.now, ctx.relax)
            .and(keys_gate(project, bucket, ctx))
            .and(bucket.gate(&self.defaults, cost, ctx).and(self.exploring(project, bucket, cost, ctx)))
    }

    /// Unpaid projects mostly have the same limits. What is not known of one is presumed not to be less than what a sibling
    /// was taught, and beyond that one call at a time finds out: a crowd sent at once would only fetch a crowd of 429s.
    fn exploring(&self, project: &Project, bucket: &Bucket, cost: Cost, ctx: &Ctx<'_>) -> Gate {
        if lane_of(project) != 0 || bucket.flying(ctx) == 0 {
            return Gate::OPEN;
        }
        let unknown = [Gauge::Rpm, Gauge::Tpm, Gauge::Rpd].into_iter().filter_map(|gauge| {
            let (taught, _) = self.taught.learned(gauge, ctx.now)?;
            bucket.cap(&self.defaults, gauge, ctx.now).is_none().then_some((gauge, taught))
        });
        unknown.map(|(gauge, taught)| bucket.explored(gauge, taught, cost, ctx)).fold(Gate::OPEN, Gate::and)
    }

    /// The key whose turn it is, with its position.
    pub(crate) fn next_key(&self, project: &Project, ctx: &Ctx<'_>) -> Option<(usize, KeyId)> {
        let bucket = self.bucket(project.spec.id)?;
        let count = project.keys.len();
        let start = usize::from(bucket.cursor).checked_rem(count)?;
        let mut ready = (start..count).chain(0..start).filter_map(|position| {
            let key = ctx.roster.key(*project.keys.get(position)?)?;
            key_gate(key, position, bucket, ctx).is_open(ctx.now).then_some((position, key.spec.id))
        });
        if ctx.settings.strategy == Strategy::LeastUsed {
            ready.min_by_key(|(position, _)| key_load(bucket, *position, ctx))
        } else {
            ready.next()
        }
    }

    /// How a project ranks now, and its used share in millionths.
    pub(crate) fn rank(&self, project: &Project, cost: Cost, ctx: &Ctx<'_>) -> (Rank, u64) {
        let strategy = ctx.settings.strategy;
        let bucket = self.bucket(project.spec.id);
        let used_share = bucket.map_or(WHOLE, |bucket| {
            bucket.used_share(&self.defaults, &self.presumed[lane_of(project)], cost, ctx)
        });
        let least_used = bucket.filter(|_| strategy == Strategy::LeastUsed);
        let load = least_used.and_then(|bucket| Some(key_load(bucket, self.next_key(project, ctx)?.0, ctx)));
        let (key_requests, key_in_flight) = load.unwrap_or_default();
        let turn = bucket.map_or(0, |bucket| match bucket.place {
            Place::Ready { .. } => bucket.turn,
            _ => bucket.turn.max(self.served),
        });
        let standing = Standing { used_share, key_requests, key_in_flight, turn };
        (Rank::of(strategy, project, standing, ctx.day), used_share)
    }

    /// Moves the round-robin clock for one call on this project.
    pub(crate) fn serve(&mut self, project: &Project, position: usize, ctx: &Ctx<'_>) {
        let id = project.spec.id;
        let turns = match (ctx.settings.strategy, self.bucket(id)) {
            (Strategy::RoundRobin, Some(bucket)) => {
                ready_keys(project, bucket, ctx).saturating_mul(project.weight())
            }
            _ => 1,
        };
        let served = self.served;
        let bucket = self.bucket_mut(id);
        bucket.turn = bucket.turn.max(if matches!(bucket.place, Place::Ready { .. }) { 0 } else { served });
        let turn = bucket.turn;
        bucket.advance_turn(turns);
        bucket.cursor = u16::try_from(position + 1).unwrap_or(0);
        self.served = served.max(turn);
    }

    /// Learns what an unknown project of the tier is likely to have.
    pub(crate) fn presume(&mut self, project: &Project, gauge: Gauge, value: u64, now: Moment) {
        let lane = lane_of(project);
        *self.presumed[lane].on_mut(gauge) = Some(value);
        if lane == 0 {
            let known = self.taught.learned(gauge, now).map_or(0, |(known, _)| known);
            self.taught.learn(gauge, known.max(value), now);
        }
    }

    pub(crate) fn presume_all(&mut self, id: ProjectId, limits: Limits, ctx: &Ctx<'_>) {
        let Some(project) = ctx.roster.project(id) else { return };
        for gauge in Gauge::ALL {
            if let Some(value) = limits.on(gauge) {
                self.presume(project, gauge, value, ctx.now);
            }
        }
    }

    /// Puts a project where it belongs now.
    pub(crate) fn replace(&mut self, id: ProjectId, ctx: &Ctx<'_>) {
        let old = std::mem::take(&mut self.bucket_mut(id).place);
        self.leave(id, old);
        let Some(project) = ctx.roster.project(id) else { return };
        let gate = self.gate(project, LEAST, ctx);
        let paid = project.spec.tier == Tier::Paid;
        let place = if gate.is_open(ctx.now) {
            let served = self.served;
            let bucket = self.bucket_mut(id);
            if !matches!(old, Place::Ready { .. }) {
                bucket.turn = bucket.turn.max(served);
            }
            bucket.place = old; // `rank` asks whether it was ready
            let Rank { class, score, .. } = self.rank(project, LEAST, ctx).0;
            Place::Ready { paid, class, score }
        } else if matches!(gate.why, Why::NoKey | Why::Disabled) && gate.is_never() {
            Place::Out
        } else {
            let soft = self.gate(project, LEAST, &Ctx { relax: true, ..*ctx }).until;
            let at = gate.until;
            let sooner_ms = u32::try_from(at.since(soft).max(0)).unwrap_or(u32::MAX);
            Place::Waiting { paid, at, sooner_ms, not_offered: gate.why == Why::NotOffered }
        };
        self.bucket_mut(id).place = place;
        self.enter(id, place);
    }

    pub(crate) fn replace_all(&mut self, ctx: &Ctx<'_>) {
        for project in ctx.roster.projects() {
            self.replace(project.spec.id, ctx);
        }
    }

    /// Moves buckets whose moment has come.
    pub(crate) fn step(&mut self, ctx: &Ctx<'_>) {
        for _ in 0..DUE_PER_STEP {
            let due =
                self.lanes.iter().find_map(|lane| lane.waiting.first().filter(|(at, _)| *at <= ctx.now));
            let Some(&(_, id)) = due else { return };
            self.replace(id, ctx);
        }
    }

    pub(crate) fn own_gate(&self, ctx: &Ctx<'_>) -> Gate {
        bench::gate(self.bench.as_deref(), ctx.settings, ctx.now, false)
    }

    /// Takes over everything of another model that turned out to be the same bucket.
    pub(crate) fn absorb(&mut self, other: &mut Self, ctx: &Ctx<'_>) {
        for (index, bucket) in std::mem::take(&mut other.buckets).into_iter().enumerate() {
            let id = ProjectId(u32::try_from(index).unwrap_or(u32::MAX));
            self.bucket_mut(id).absorb(bucket);
        }
        other.lanes = <[Lane; 2]>::default();
        if self.defaults.is_empty() {
            self.defaults = std::mem::take(&mut other.defaults);
        }
        if self.bench.is_none() {
            self.bench = other.bench.take();
        }
        self.aliases.push(other.name.clone());
        self.aliases.append(&mut other.aliases);
        self.replace_all(ctx);
    }

    fn leave(&mut self, id: ProjectId, place: Place) {
        match place {
            Place::Out => {}
            Place::Ready { paid, class, score } => {
                self.lanes[usize::from(paid)].ready.remove(&Rank { class, score, project: id });
            }
            Place::Waiting { paid, at, sooner_ms, not_offered } => {
                let lane = &mut self.lanes[usize::from(paid)];
                lane.waiting.remove(&(at, id));
                lane.not_offered = lane.not_offered.saturating_sub(usize::from(not_offered));
                if sooner_ms > 0 {
                    lane.soft.remove(&(at.plus_ms(-i64::from(sooner_ms)), id));
                }
            }
        }
    }

    fn enter(&mut self, id: ProjectId, place: Place) {
        match place {
            Place::Out => {}
            Place::Ready { paid, class, score } => {
                self.lanes[usize::from(paid)].ready.insert(Rank { class, score, project: id });
            }
            Place::Waiting { paid, at, sooner_ms, not_offered } => {
                let lane = &mut self.lanes[usize::from(paid)];
                lane.waiting.insert((at, id));
                lane.not_offered += usize::from(not_offered);
                if sooner_ms > 0 {
                    lane.soft.insert((at.plus_ms(-i64::from(sooner_ms)), id));
                }
            }
        }
    }
}

/// When the first key of a project can be used for this bucket's model.
fn keys_gate(project: &Project, bucket: &Bucket, ctx: &Ctx<'_>) -> Gate {
    let mut first = Gate::never(Why::NoKey);
    for (position, id) in project.keys.iter().enumerate() {
        let Some(key) = ctx.roster.key(*id) else { continue };
        first = first.or(key_gate(key, position, bucket, ctx));
        if first.is_open(ctx.now) {
            break;
        }
    }
    first
}

pub(crate) fn key_gate(key: &Key, position: usize, bucket: &Bucket, ctx: &Ctx<'_>) -> Gate {
    let for_model = bucket.keys.get(position).and_then(|key| key.bench.as_deref());
    key.gate(ctx.settings, ctx.now, ctx.relax).and(bench::gate(for_model, ctx.settings, ctx.now, ctx.relax))
}

fn key_load(bucket: &Bucket, position: usize, ctx: &Ctx<'_>) -> (u32, u32) {
    (bucket.key_requests(position, ctx.day), bucket.keys.get(position).map_or(0, |key| key.in_flight))
}

fn ready_keys(project: &Project, bucket: &Bucket, ctx: &Ctx<'_>) -> u64 {
    let keys =
        project.keys.iter().enumerate().filter_map(|(position, id)| Some((position, ctx.roster.key(*id)?)));
    keys.filter(|(position, key)| key_gate(key, *position, bucket, ctx).is_open(ctx.now)).map(|_| 1).sum()
}

fn lane_of(project: &Project) -> usize {
    usize::from(project.spec.tier == Tier::Paid)
}
