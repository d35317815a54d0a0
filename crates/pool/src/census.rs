//! Counting the pool for whoever watches it: numbers only, no names, and project by project, so that a large pool need
//! not be held still while it is counted.

use std::ops::Range;

use crate::Moment;
use crate::bench::{Bench, Grade};
use crate::bucket::Bucket;
use crate::choose::Cost;
use crate::forecast::Burn;
use crate::gate::Why;
use crate::limits::Gauge;
use crate::model::{Ctx, Model};
use crate::roster::{Ban, Project};
use crate::state::Pool;

/// How many keys or projects are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// May serve.
    pub ready: u64,
    /// Not for a while.
    pub benched: u64,
    /// Never again, until an operator clears it.
    pub dead: u64,
    /// An operator said no.
    pub disabled: u64,
}

/// Benches that stand, by kind of reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Benches([u64; Grade::ALL.len()]);

/// What is counted of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCensus {
    /// The name first asked for.
    pub name: String,
    /// Whether the model itself is benched.
    pub benched: Option<Grade>,
    /// The least share that a project has left of its minute, of the known limits; 1 is all.
    pub minute_headroom: Option<f64>,
    /// The same of its day.
    pub day_headroom: Option<f64>,
    /// Projects with room now.
    pub with_room: u64,
    /// What a forecast needs.
    pub burn: Burn,
}

/// What is counted of a pool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Census {
    /// Keys, the state of their project included.
    pub keys: States,
    /// Projects by themselves.
    pub projects: States,
    /// Benches of keys.
    pub key_benches: Benches,
    /// Benches of projects.
    pub project_benches: Benches,
    /// Benches of a project for one model.
    pub bucket_benches: Benches,
    /// Benches of a key for one model.
    pub key_model_benches: Benches,
    /// By model.
    pub models: Vec<ModelCensus>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    Benched,
    Dead,
    Disabled,
}

impl Pool {
    /// How many projects there may be to count: the end of the range for [`Pool::count`].
    pub fn projects_to_count(&self) -> usize {
        self.roster.project_slots()
    }

    /// Adds the projects of a range to a census.
    pub fn count(&self, range: Range<usize>, census: &mut Census, now: Moment) {
        let ctx = self.ctx(self.day_at(now), now);
        let models = self.models.iter().filter(|model| model.united_into.is_none());
        for (place, model) in models.clone().enumerate() {
            if census.models.get(place).is_none_or(|counted| counted.name != model.name) {
                census.models.truncate(place);
                census.models.push(ModelCensus::new(model, now));
            }
        }
        for project in range.filter_map(|index| ctx.roster.project_at(index)) {
            census.project(project, &ctx);
            for (place, model) in models.clone().enumerate() {
                if let (Some(counted), Some(bucket)) =
                    (census.models.get_mut(place), model.bucket(project.spec.id))
                {
                    counted.bucket((model, bucket), project, &ctx);
                    count_bench(bucket.bench.as_deref(), &mut census.bucket_benches, now);
                    for key in &bucket.keys {
                        count_bench(key.bench.as_deref(), &mut census.key_model_benches, now);
                    }
                }
            }
        }
    }
}

impl Census {
    fn project(&mut self, project: &Project, ctx: &Ctx<'_>) {
        let own = state(project.spec.enabled, &project.ban, ctx.now);
        self.projects.add(own);
        count_bench(project.ban.bench(), &mut self.project_benches, ctx.now);
        for key in project.keys.iter().filter_map(|id| ctx.roster.key(*id)) {
            count_bench(key.ban.bench(), &mut self.key_benches, ctx.now);
            match state(key.spec.enabled, &key.ban, ctx.now) {
                State::Ready => self.keys.add(own),
                other => self.keys.add(other),
            }
        }
    }
}

impl ModelCensus {
    fn new(model: &Model, now: Moment) -> Self {
        Self {
            name: model.name.clone(),
            benched: model.bench.as_deref().filter(|bench| bench.stands(now)).map(|bench| bench.grade),
            minute_headroom: None,
            day_headroom: None,
            with_room: 0,
            burn: Burn::default(),
        }
    }

    fn bucket(&mut self, (model, bucket): (&Model, &Bucket), project: &Project, ctx: &Ctx<'_>) {
        let gate = model.gate(project, Cost { requests: 1, tokens: 0 }, ctx);
        let open = gate.is_open(ctx.now);
        self.with_room += u64::from(open);
        let least =
            |gauges: [Gauge; 2]| gauges.into_iter().filter_map(|gauge| left(model, bucket, gauge, ctx));
        self.minute_headroom = least([Gauge::Rpm, Gauge::Tpm]).chain(self.minute_headroom).reduce(f64::min);
        self.day_headroom = least([Gauge::Rpd, Gauge::Tpd]).chain(self.day_headroom).reduce(f64::min);
        let closed = !open && matches!(gate.why, Why::Day | Why::NotOffered);
        let cap = bucket.cap(&model.defaults, Gauge::Rpd, ctx.now).map(|cap| cap.value);
        let used = bucket.used(Gauge::Rpd, ctx);
        self.burn.add(cap, used, bucket.used(Gauge::Rpm, ctx), closed);
    }
}

/// The share of a known limit that is left.
#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn left(model: &Model, bucket: &Bucket, gauge: Gauge, ctx: &Ctx<'_>) -> Option<f64> {
    let cap = bucket.cap(&model.defaults, gauge, ctx.now)?.value;
    let left = cap.saturating_sub(bucket.used(gauge, ctx));
    Some(if cap == 0 { 0.0 } else { left as f64 / cap as f64 })
}

fn state(enabled: bool, ban: &Ban, now: Moment) -> State {
    match ban.bench().filter(|bench| bench.stands(now)) {
        _ if ban.death().is_some() => State::Dead,
        _ if !enabled => State::Disabled,
        Some(_) => State::Benched,
        None => State::Ready,
    }
}

fn count_bench(bench: Option<&Bench>, benches: &mut Benches, now: Moment) {
    if let Some(bench) = bench.filter(|bench| bench.stands(now)) {
        benches.add(bench.grade);
    }
}

impl States {
    fn add(&mut self, state: State) {
        match state {
            State::Ready => self.ready += 1,
            State::Benched => self.benched += 1,
            State::Dead => self.dead += 1,
            State::Disabled => self.disabled += 1,
        }
    }
}

impl Census {
    /// Benches of models as a whole.
    pub fn model_benches(&self) -> Benches {
        let mut benches = Benches::default();
        self.models.iter().filter_map(|model| model.benched).for_each(|grade| benches.add(grade));
        benches
    }
}

impl ModelCensus {
    /// Counts another model with this one.
    pub fn absorb(&mut self, other: &Self) {
        let Self { name: _, benched: _, minute_headroom, day_headroom, with_room, burn } = other;
        self.minute_headroom = self.minute_headroom.into_iter().chain(*minute_headroom).reduce(f64::min);
        self.day_headroom = self.day_headroom.into_iter().chain(*day_headroom).reduce(f64::min);
        self.with_room += with_room;
        self.burn.absorb(burn);
    }
}

impl Benches {
    fn add(&mut self, grade: Grade) {
        if let Some(place) = Grade::ALL.iter().position(|other| *other == grade) {
            self.0[place] += 1;
        }
    }

    /// How many there are of each kind.
    pub fn each(&self) -> impl Iterator<Item = (Grade, u64)> {
        Grade::ALL.into_iter().zip(self.0)
    }
}
