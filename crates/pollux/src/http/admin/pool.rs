//! `GET /admin/pool`: what the pool knows now.

use axum::Json;
use axum::extract::State;
use pool::estimate::Calibration;
use pool::forecast::Burn;
use pool::{
    BenchView, BucketView, GaugeView, Grade, KeyState, KeyView, ModelView, Moment, ProjectId, ProjectView,
    Provenance, Snapshot, Tier, Why,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::http::Gateway;
use crate::http::admin::{Problem, limits};
use crate::http::foreign;
use crate::http::guard::Viewer;
use crate::keyring::Names;

/// The pool at one moment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Pool {
    at: String,
    /// When the Pacific day ends, and with it the day quotas.
    day_ends: String,
    ready_keys: usize,
    projects: Vec<Project>,
    models: Vec<Model>,
}

/// A project and its keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PoolProject)]
struct Project {
    id: String,
    label: Option<String>,
    #[schema(schema_with = foreign::tier)]
    tier: Tier,
    state: Standing,
    keys: Vec<Key>,
}

/// A key of a project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PoolKey)]
pub(super) struct Key {
    id: String,
    state: Standing,
}

/// Whether a key or project may serve.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyStanding)]
pub(super) struct Standing {
    /// `ready`, `disabled`, `benched`, `dead`.
    name: String,
    reason: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

/// A model and what each project has left for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PoolModel)]
struct Model {
    name: String,
    /// Other names that Google counts with it.
    aliases: Vec<String>,
    bench: Option<Bench>,
    /// How far estimates of input tokens are off.
    #[schema(schema_with = foreign::calibration)]
    calibration: Calibration,
    ready_projects: usize,
    #[schema(schema_with = foreign::burn)]
    burn: Burn,
    buckets: Vec<Bucket>,
}

/// One project's quota for one model.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Bucket {
    project: String,
    rpm: Gauge,
    tpm: Gauge,
    rpd: Gauge,
    tpd: Gauge,
    in_flight: u32,
    bench: Option<Bench>,
    key_benches: Vec<KeyBench>,
    /// What keeps the next call out; null if nothing does.
    closed: Option<Closed>,
}

/// Use and limit of one window.
#[derive(Debug, Serialize, ToSchema)]
struct Gauge {
    used: u64,
    limit: Option<u64>,
    /// `declared`, `tier_default` or `learned`.
    known_from: Option<&'static str>,
    /// When a learned one was named.
    since: Option<String>,
}

/// A pause that ends by itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PoolBench)]
struct Bench {
    #[schema(schema_with = foreign::grade)]
    grade: Grade,
    reason: String,
    since: Option<String>,
    until: Option<String>,
}

/// The pause of one key for one model.
#[derive(Debug, Serialize, ToSchema)]
struct KeyBench {
    key: String,
    #[serde(flatten)]
    bench: Bench,
}

/// Why a bucket is closed, and until when.
#[derive(Debug, Serialize, ToSchema)]
struct Closed {
    #[schema(schema_with = foreign::why)]
    why: Why,
    until: Option<String>,
}

/// Everything the pool knows.
pub(super) async fn show(_: Viewer, State(gateway): State<Gateway>) -> Result<Json<Pool>, Problem> {
    let snapshot = gateway.keyring.snapshot();
    let names = gateway.keyring.names(&snapshot).await?;
    Ok(Json(pool(snapshot, &names)))
}

fn pool(snapshot: Snapshot, names: &Names) -> Pool {
    let Snapshot { at, day_ends, ready_keys, projects, models } = snapshot;
    Pool {
        at: clock::iso(at),
        day_ends: clock::iso(day_ends),
        ready_keys,
        projects: projects.into_iter().map(|view| project(view, names)).collect(),
        models: models.into_iter().map(|view| model(view, names)).collect(),
    }
}

fn project(view: ProjectView, names: &Names) -> Project {
    let ProjectView { id: handle, tier, state, keys } = view;
    let label = names.project(handle).and_then(|row| row.label.clone());
    Project { id: project_id(handle, names), label, tier, state: state.into(), keys: self::keys(keys, names) }
}

/// Keys, but for those deleted meanwhile.
pub(super) fn keys(views: Vec<KeyView>, names: &Names) -> Vec<Key> {
    let keys = views.into_iter().filter_map(|key| {
        let id = names.key(key.id)?.as_str().to_owned();
        Some(Key { id, state: key.state.into() })
    });
    keys.collect()
}

fn model(view: ModelView, names: &Names) -> Model {
    let ModelView { name, aliases, bench, calibration, ready_projects, burn, buckets } = view;
    let buckets = buckets.into_iter().map(|view| bucket(view, names)).collect();
    Model { name, aliases, bench: bench.map(Bench::from), calibration, ready_projects, burn, buckets }
}

pub(super) fn bucket(view: BucketView, names: &Names) -> Bucket {
    let BucketView { project, rpm, tpm, rpd, tpd, in_flight, bench, key_benches, opens } = view;
    let key_benches = key_benches.into_iter().filter_map(|(key, bench)| {
        let key = names.key(key)?.as_str().to_owned();
        Some(KeyBench { key, bench: bench.into() })
    });
    Bucket {
        project: project_id(project, names),
        rpm: rpm.into(),
        tpm: tpm.into(),
        rpd: rpd.into(),
        tpd: tpd.into(),
        in_flight,
        bench: bench.map(Bench::from),
        key_benches: key_benches.collect(),
        closed: opens.map(|(until, why)| Closed { why, until: end(until) }),
    }
}

fn project_id(handle: ProjectId, names: &Names) -> String {
    names.project(handle).map_or_else(String::new, |row| row.id.as_str().to_owned())
}

/// A moment that may be the end of time.
fn end(moment: Moment) -> Option<String> {
    (moment != Moment::NEVER).then(|| clock::iso(moment))
}

impl Standing {
    fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), reason: None, since: None, until: None }
    }

    /// What was stored about it.
    pub(super) fn stored(name: &str, reason: &str, since: Moment) -> Self {
        let reason = Some(reason).filter(|reason| !reason.is_empty()).map(str::to_owned);
        Self { name: name.to_owned(), reason, since: Some(clock::iso(since)), until: None }
    }
}

impl From<KeyState> for Standing {
    fn from(state: KeyState) -> Self {
        match state {
            KeyState::Ready => Self::plain("ready"),
            KeyState::Unknown => Self::plain("unknown"),
            KeyState::Disabled => Self::plain("disabled"),
            KeyState::Dead { reason, since } => Self::stored("dead", &reason, since),
            KeyState::Benched(BenchView { grade: _, reason, since, until, probe: _ }) => {
                Self { until: end(until), ..Self::stored("benched", &reason, since) }
            }
        }
    }
}

impl From<BenchView> for Bench {
    fn from(view: BenchView) -> Self {
        let BenchView { grade, reason, since, until, probe: _ } = view;
        Self { grade, reason, since: end(since), until: end(until) }
    }
}

impl From<GaugeView> for Gauge {
    fn from(view: GaugeView) -> Self {
        let GaugeView { used, limit, provenance } = view;
        let since = match provenance {
            Some(Provenance::Learned { at }) => Some(clock::iso(at)),
            Some(Provenance::Declared | Provenance::TierDefault) | None => None,
        };
        Self { used, limit, known_from: provenance.map(limits::word), since }
    }
}
