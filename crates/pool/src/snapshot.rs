//! What the pool looks like from outside: for the admin API, the log, the console.

use serde::Serialize;

use crate::Moment;
use crate::bench::{Bench, Grade};
use crate::bucket::Bucket;
use crate::choose::Cost;
use crate::estimate::Calibration;
use crate::forecast::Burn;
use crate::gate::Why;
use crate::limits::{Gauge, Provenance};
use crate::model::{Ctx, Model};
use crate::roster::{Ban, Death, Key, KeyId, Project, ProjectId, Tier};
use crate::state::Pool;

/// Everything, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Snapshot {
    /// When.
    pub at: Moment,
    /// When the Pacific day ends.
    pub day_ends: Moment,
    /// Keys that could serve some model now.
    pub ready_keys: usize,
    /// By id.
    pub projects: Vec<ProjectView>,
    /// In the order they were first used.
    pub models: Vec<ModelView>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProjectView {
    /// Its handle.
    pub id: ProjectId,
    /// What it pays.
    pub tier: Tier,
    /// Its own state, keys aside.
    pub state: KeyState,
    /// Its keys.
    pub keys: Vec<KeyView>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyView {
    /// Its handle.
    pub id: KeyId,
    /// Its state.
    pub state: KeyState,
}

/// Whether a key, or a project, may serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum KeyState {
    /// Yes.
    Ready,
    /// Not known to the pool.
    Unknown,
    /// An operator said no.
    Disabled,
    /// Never again, until an operator clears it.
    Dead {
        /// For people.
        reason: String,
        /// Since when.
        since: Moment,
    },
    /// Not for a while; after `until`, one probe call decides if `probe` is set.
    Benched(BenchView),
}

/// A bench.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BenchView {
    /// What kind of reason.
    pub grade: Grade,
    /// For people.
    pub reason: String,
    /// Since when.
    pub since: Moment,
    /// Until when.
    pub until: Moment,
    /// Released through one probe call.
    pub probe: bool,
}

/// A model, or whatever Google counts as one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelView {
    /// The name first asked for.
    pub name: String,
    /// Other names Google counts with it.
    pub aliases: Vec<String>,
    /// The bench of the model itself.
    pub bench: Option<BenchView>,
    /// How far token estimates are off.
    pub calibration: Calibration,
    /// Projects with room now.
    pub ready_projects: usize,
    /// What a forecast needs.
    pub burn: Burn,
    /// By project.
    pub buckets: Vec<BucketView>,
}

/// One project's quota for one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BucketView {
    /// Whose.
    pub project: ProjectId,
    /// Requests in the last minute.
    pub rpm: GaugeView,
    /// Input tokens in the last minute.
    pub tpm: GaugeView,
    /// Requests in the Pacific day.
    pub rpd: GaugeView,
    /// Input tokens in the Pacific day.
    pub tpd: GaugeView,
    /// Calls out now.
    pub in_flight: u32,
    /// The bucket's bench.
    pub bench: Option<BenchView>,
    /// Benches of single keys for this model.
    pub key_benches: Vec<(KeyId, BenchView)>,
    /// When one call more would pass, and what keeps it till then; `None` if it would now.
    pub opens: Option<(Moment, Why)>,
}

/// Use and limit of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GaugeView {
    /// Taken.
    pub used: u64,
    /// Allowed, if known.
    pub limit: Option<u64>,
    /// How the limit is known.
    pub provenance: Option<Provenance>,
}

impl Pool {
    /// A key's state, its project's included.
    pub fn key_state(&self, id: KeyId, now: Moment) -> KeyState {
        let Some(key) = self.roster.key(id) else { return KeyState::Unknown };
        match key_state(key, now) {
            KeyState::Ready => self
                .roster
                .project(key.spec.project)
                .map_or(KeyState::Unknown, |project| project_state(project, now)),
            other => other,
        }
    }

    /// What a project has taken of one window of a model by our count.
    pub fn used(&self, project: ProjectId, model: &str, gauge: Gauge, now: Moment) -> u64 {
        let bucket = self.known(model).and_then(|model| model.bucket(project));
        bucket.map_or(0, |bucket| bucket.used(gauge, &self.ctx(self.day_at(now), now)))
    }

    /// How many keys could serve some model now: enabled, alive, not benched, and neither is their project.
    /// Cheap to ask again as long as nothing changes.
    pub fn ready_keys(&mut self, now: Moment) -> usize {
        self.roster.ready(now)
    }

    /// Everything, for people. Reads the whole pool: not for the path of a call.
    pub fn snapshot(&self, now: Moment) -> Snapshot {
        let ctx = self.ctx(self.day_at(now), now);
        Snapshot {
            at: now,
            day_ends: ctx.day.end,
            ready_keys: self.roster.count_ready(now),
            projects: self.roster.projects().map(|project| project_view(project, &ctx)).collect(),
            models: self
                .models
                .iter()
                .filter(|model| model.united_into.is_none())
                .map(|model| model_view(model, &ctx))
                .collect(),
        }
    }
}

fn key_state(key: &Key, now: Moment) -> KeyState {
    state(key.spec.enabled, &key.ban, now)
}

fn project_state(project: &Project, now: Moment) -> KeyState {
    state(project.spec.enabled, &project.ban, now)
}

fn state(enabled: bool, ban: &Ban, now: Moment) -> KeyState {
    match (ban.death(), ban.bench().filter(|bench| bench.stands(now))) {
        (Some(Death { reason, since }), _) => KeyState::Dead { reason: reason.to_string(), since: *since },
        (None, _) if !enabled => KeyState::Disabled,
        (None, Some(bench)) => KeyState::Benched(bench_view(bench)),
        (None, None) => KeyState::Ready,
    }
}

fn bench_view(bench: &Bench) -> BenchView {
    let Bench { grade, reason, since, until, probe, out_until: _, spread_ms: _, tried: _ } = bench;
    BenchView { grade: *grade, reason: reason.to_string(), since: *since, until: *until, probe: *probe }
}

pub(crate) fn standing(bench: Option<&Bench>, now: Moment) -> Option<BenchView> {
    bench.filter(|bench| bench.stands(now)).map(bench_view)
}

fn project_view(project: &Project, ctx: &Ctx<'_>) -> ProjectView {
    let keys = project.keys.iter().filter_map(|id| ctx.roster.key(*id));
    ProjectView {
        id: project.spec.id,
        tier: project.spec.tier,
        state: project_state(project, ctx.now),
        keys: keys.map(|key| KeyView { id: key.spec.id, state: key_state(key, ctx.now) }).collect(),
    }
}

fn model_view(model: &Model, ctx: &Ctx<'_>) -> ModelView {
    let buckets: Vec<_> =
        ctx.roster.projects().filter_map(|project| bucket_view(model, project, ctx)).collect();
    ModelView {
        name: model.name.clone(),
        aliases: model.aliases.clone(),
        bench: standing(model.bench.as_deref(), ctx.now),
        calibration: model.calibration,
        ready_projects: buckets.iter().filter(|bucket| bucket.opens.is_none()).count(),
        burn: burn(&buckets),
        buckets,
    }
}

fn burn(buckets: &[BucketView]) -> Burn {
    let mut burn = Burn::default();
    for bucket in buckets {
        let closed = matches!(bucket.opens, Some((_, Why::Day | Why::NotOffered)));
        burn.add(bucket.rpd.limit, bucket.rpd.used, bucket.rpm.used, closed);
    }
    burn
}

fn bucket_view(model: &Model, project: &Project, ctx: &Ctx<'_>) -> Option<BucketView> {
    let bucket = model.bucket(project.spec.id)?;
    let gate = model.gate(project, Cost { requests: 1, tokens: 0 }, ctx);
    let gauge = |gauge: Gauge| {
        let cap = bucket.cap(&model.defaults, gauge, ctx.now);
        GaugeView {
            used: bucket.used(gauge, ctx),
            limit: cap.map(|cap| cap.value),
            provenance: cap.map(|cap| cap.provenance),
        }
    };
    Some(BucketView {
        project: project.spec.id,
        rpm: gauge(Gauge::Rpm),
        tpm: gauge(Gauge::Tpm),
        rpd: gauge(Gauge::Rpd),
        tpd: gauge(Gauge::Tpd),
        in_flight: bucket.flying(ctx),
        bench: standing(bucket.bench.as_deref(), ctx.now),
        key_benches: key_benches(bucket, project, ctx.now),
        opens: (!gate.is_open(ctx.now)).then_some((gate.until, gate.why)),
    })
}

fn key_benches(bucket: &Bucket, project: &Project, now: Moment) -> Vec<(KeyId, BenchView)> {
    let pairs = project.keys.iter().zip(&bucket.keys);
    pairs.filter_map(|(id, key)| Some((*id, standing(key.bench.as_deref(), now)?))).collect()
}
