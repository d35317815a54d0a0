//! What the gateway says over HTTP: one folder for each surface, one file for each endpoint.
//!
//! Layers know nothing of the domain; identity comes from an extractor (`caller::Caller`, `guard::Viewer`,
//! `guard::Admin`), without which a handler has nothing to work on. Routes are data: see `routes.rs`.
//!
//! Invariant: a surface never sees a Gemini key, and no surface imports another.

mod about;
mod answer;
mod body;
mod caller;
mod calling;
mod cookie;
mod cors;
mod crowd;
mod document;
mod doors;
mod failed;
mod follow;
mod foreign;
mod guard;
mod keeping;
mod layers;
mod media;
mod origin;
mod peer;
mod ratelimit;
mod routes;
mod rules;
mod serving;
mod shapes;
mod watching;

mod admin;
mod anthropic;
mod console;
mod gemini;
mod openai;
mod ops;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use tokio_util::sync::CancellationToken;

use crate::access::{Access, TrustedProxies};
use crate::audit::Audit;
use crate::bodies::Bodies;
use crate::catalog::Catalog;
use crate::clock::{Clock, Moment};
use crate::id::Dice;
use crate::jobs::{Alerts, Jobs};
use crate::journal::Journal;
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::media::Media;
use crate::operators::Operators;
use crate::relay::Relay;
use crate::resources::Resources;
use crate::settings::Settings;
use crate::shared::{Replica, Shared};
use crate::store::Store;
use crate::telemetry::call::Watcher;
use crate::telemetry::{CpuShare, Metrics};
use crate::upstream::Upstream;

use routes::mount;

pub use document::openapi;
pub use doors::{Doors, TlsFiles};
pub use routes::{Guard, Mounted};
pub use serving::{Server, TlsError};

/// How often the list of users is looked after.
const TEND_EVERY: Duration = Duration::from_mins(1);

/// What is fixed from the start.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// What connections and calls may take up.
    pub doors: Doors,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// Silence between two heartbeats.
    pub heartbeat_every: Duration,
    /// The proxies whose word about the client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// Our own public address, if we know it.
    pub external_url: Option<String>,
    /// The database file, if it is one.
    pub database: Option<PathBuf>,
    /// Let the simulator's fault header through: tests and the demo only.
    pub sim_faults: bool,
}

impl Fixed {
    /// Silence between two heartbeats, if nobody says otherwise.
    pub const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);

    /// Where the gateway runs: `render` or `local`.
    fn environment(&self) -> &'static str {
        if self.external_url.is_some() { "render" } else { "local" }
    }
}

/// What every handler can reach.
#[derive(Clone, Debug)]
pub struct Gateway(Arc<Parts>);

/// The rooms behind the surfaces.
#[derive(Debug)]
pub struct Parts {
    /// Which of the replicas this is.
    pub replica: Replica,
    /// Who is calling.
    pub access: Access,
    /// Who may administer.
    pub operators: Operators,
    /// What operators did.
    pub audit: Audit,
    /// The pool's live face.
    pub keyring: Arc<Keyring>,
    /// The life of a call.
    pub relay: Relay,
    /// What users have at Google.
    pub resources: Resources,
    /// Media that requests name by URL.
    pub media: Media,
    /// What the gateway does by itself.
    pub jobs: Arc<Jobs>,
    /// What model names mean.
    pub catalog: Catalog,
    /// What users may still spend.
    pub limits: Limits,
    /// What outlives the process, for what is only looked at.
    pub store: Arc<dyn Store>,
    /// What outlives a call for a while.
    pub shared: Arc<dyn Shared>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What ids end with.
    pub dice: Dice,
    /// What can be turned while the gateway runs.
    pub settings: Arc<Settings>,
    /// What is fixed from the start.
    pub fixed: Fixed,
    /// Cancelled when the gateway is about to stop; set at the start.
    pub leaving: OnceLock<CancellationToken>,
    /// When the gateway started.
    pub started: Moment,
    /// What is measured.
    pub metrics: Metrics,
    /// Who watches calls.
    pub watcher: Watcher,
    /// The way to Google, to see how it fares.
    pub upstream: Arc<Upstream>,
    /// What calls used, on its way to the store.
    pub journal: Journal,
    /// What wants attention.
    pub alerts: Arc<Alerts>,
    /// What is said in calls, for users of whom it is kept.
    pub bodies: Bodies,
    /// How busy the process was at the last look.
    pub cpu: CpuShare,
    /// Requests taken since then.
    pub requests: Requests,
    /// Whether streams that have no end of their own should find one.
    pub closing: Closing,
}

/// How many requests the gateway has taken.
#[derive(Debug, Default)]
pub struct Requests(AtomicU64);

/// Whether the gateway is about to stop.
#[derive(Debug, Default)]
pub struct Closing(AtomicBool);

impl Closing {
    /// It is.
    fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is.
    fn is_now(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Requests {
    /// One more.
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them.
    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gateway {
    /// Keeps users, sessions and the audit in order until `shutdown` resolves (see [`Access::tend`]).
    pub async fn tend_users(&self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        loop {
            let last = tokio::time::timeout(TEND_EVERY, &mut shutdown).await.is_ok();
            if let Err(error) = self.access.tend().await {
                tracing::warn!(%error, "the list of users could not be tended; it will be tried again");
            }
            if let Err(error) = self.audit.tend().await {
                tracing::warn!(%error, "the audit could not be tended; it will be tried again");
            }
            if let Err(error) = self.operators.tend().await {
                tracing::warn!(%error, "operators could not be tended; it will be tried again");
            }
            if last {
                return;
            }
        }
    }

    /// Whether a stop is coming.
    pub fn is_leaving(&self) -> bool {
        self.leaving.get().is_some_and(CancellationToken::is_cancelled)
    }

    /// Puts the rooms behind the surfaces.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Gateway {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What is below `/v1`: the surfaces that speak to models, and what they share.
fn speaking() -> Vec<routes::Route> {
    [openai::list(), anthropic::list(), gemini::list(), shapes::routes()].into_iter().flatten().collect()
}

/// What is below Google's own versions.
fn speaking_gemini() -> Vec<routes::Route> {
    [gemini::list(), shapes::routes()].into_iter().flatten().collect()
}

/// Where Google takes files and gives them out, for each version.
fn files() -> impl Iterator<Item = (String, Vec<routes::Route>)> {
    ["v1beta", "v1", "v1alpha"].into_iter().flat_map(|version| {
        [
            (format!("/upload/{version}"), gemini::upload_list()),
            (format!("/download/{version}"), gemini::download_list()),
        ]
    })
}

/// Every route of the gateway.
pub fn router(gateway: &Gateway) -> Router {
    let noting = gateway.clone();
    let surfaces = Router::new()
        .nest("/v1", mount(speaking(), gateway))
        .nest("/v1beta", mount(speaking_gemini(), gateway))
        .nest("/v1alpha", mount(speaking_gemini(), gateway))
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            keeping::note(noting.clone(), request, next)
        }));
    let routes = Router::new().merge(surfaces);
    let routes = files().fold(routes, |routes, (prefix, list)| routes.nest(&prefix, mount(list, gateway)));
    let routes = routes
        .nest("/admin", admin::routes(gateway))
        .merge(mount(ops::list(), gateway))
        .merge(mount(console::list(), gateway))
        .merge(mount(document::list(), gateway))
        .with_state(gateway.clone());
    layers::wrap(routes, gateway)
}

/// The same routes as a list, for those who want to walk them.
pub fn mounted() -> Vec<Mounted> {
    let surfaces = [
        ("/v1", speaking()),
        ("/v1beta", speaking_gemini()),
        ("/v1alpha", speaking_gemini()),
        ("/admin", admin::list()),
        ("", ops::list()),
        ("", console::list()),
        ("", document::list()),
    ];
    let surfaces = surfaces.into_iter().flat_map(|(prefix, routes)| routes::mounted(prefix, routes));
    surfaces.chain(files().flat_map(|(prefix, routes)| routes::mounted(&prefix, routes))).collect()
}
