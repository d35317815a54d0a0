//! A gateway, a Google and users in one process, in a time of their own.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use pollux::access::Terms;
use pollux::app::{self, Surroundings};
use pollux::clock::{Clock, Moment};
use pollux::config::{self, Environment, Flags};
use pollux::http::Gateway;
use pollux::id::Dice;
use pollux::keyring::WordsChange;
use pollux::lifecycle::Lifecycle;
use pollux::store::record::Origin;
use pollux::store::{SqlStore, SqliteSettings, Store};
use simulator::Simulator;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::time::{Duration, Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::at_once::AtOnce;
use super::plan::{MODELS, Plan};
use super::wires::Wires;

pub(super) const ADMIN: &str = "admin-token-of-the-simulation";
pub(super) const CALL_LOG: &str = "calls.jsonl";
pub(super) const MASTER: &str = "the master key of the simulation";

/// The time of the simulation: tokio's, which is paused and jumps, and what the gateway's wall clock is ahead of it.
#[derive(Debug)]
pub(super) struct Course {
    since: Instant,
    start: i64,
    ahead: AtomicI64,
}

impl Course {
    /// Puts the wall clock forward, or back.
    pub(super) fn jump(&self, ms: i64) {
        self.ahead.fetch_add(ms, Ordering::SeqCst);
    }

    /// The time at Google.
    pub(super) fn true_ms(&self) -> i64 {
        self.start + i64::try_from(self.since.elapsed().as_millis()).unwrap()
    }
}

impl Clock for Course {
    fn now(&self) -> Moment {
        Moment(self.true_ms() + self.ahead.load(Ordering::SeqCst))
    }
}

/// A user of the gateway.
#[derive(Clone)]
pub(super) struct User {
    pub(super) key: String,
    pub(super) private: bool,
}

/// The gateway that is running now.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) router: Router,
    pub(super) gateway: Gateway,
    life: Lifecycle,
    served: CancellationToken,
}

/// Everything there is.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) simulator: Simulator,
    pub(super) wires: Arc<Wires>,
    pub(super) course: Arc<Course>,
    pub(super) users: Vec<User>,
    pub(super) folder: TempDir,
    surroundings: Surroundings,
    running: Mutex<Running>,
    /// What happened, in order.
    story: Mutex<Vec<String>>,
}

/// The store of a new gateway. Opened beside the simulation, whose time would jump meanwhile.
pub(super) async fn open_store(folder: &TempDir, plan: &Plan) -> Arc<dyn Store> {
    let path = folder.path().join("pollux.db");
    Arc::new(SqlStore::open_sqlite(&path, SqliteSettings::default(), Moment(plan.start)).await.unwrap())
}

impl World {
    pub(super) async fn new(
        plan: Plan,
        folder: TempDir,
        store: Arc<dyn Store>,
        outside: Handle,
    ) -> Arc<Self> {
        let simulator = Simulator::new(plan.simulator()).unwrap();
        let wires = Wires::new(simulator.clone());
        let course =
            Arc::new(Course { since: Instant::now(), start: plan.start, ahead: AtomicI64::default() });
        let surroundings = Surroundings {
            clock: Arc::clone(&course) as _,
            dice: Dice::seeded(plan.seed),
            pipes: Some(Arc::clone(&wires) as _),
            store: Some(Arc::new(AtOnce::new(store, outside))),
        };
        let running = run(&plan, &folder, &surroundings).await;
        furnish(&plan, &simulator, &running).await;
        let users = people(&running).await;
        let running = Mutex::new(running);
        Arc::new(Self {
            plan,
            simulator,
            wires,
            course,
            users,
            folder,
            surroundings,
            running,
            story: Mutex::default(),
        })
    }

    pub(super) fn running(&self) -> Running {
        self.running.lock().unwrap().clone()
    }

    /// Says what happened.
    pub(super) fn tell(&self, what: fmt::Arguments<'_>) {
        let now = self.course.true_ms() - self.plan.start;
        let line = format!("{now} {what}");
        super::aloud(&line);
        self.story.lock().unwrap().push(line);
    }

    pub(super) fn story(&self) -> Vec<String> {
        self.story.lock().unwrap().clone()
    }

    /// Stops the gateway, gently or not, and starts it again on the same store.
    pub(super) async fn restart(&self, gently: bool) {
        self.stop(gently).await;
        let running = run(&self.plan, &self.folder, &self.surroundings).await;
        *self.running.lock().unwrap() = running;
    }

    pub(super) async fn stop(&self, gently: bool) {
        let Running { life, served, .. } = self.running();
        served.cancel();
        if gently {
            life.stop();
        } else {
            life.kill();
        }
        life.shutdown(Duration::from_secs(5)).await;
    }
}

async fn run(plan: &Plan, folder: &TempDir, surroundings: &Surroundings) -> Running {
    let data = folder.path().display().to_string();
    let fixed = [
        ("POLLUX_DATA_DIR", data.clone()),
        ("POLLUX_UPSTREAM_URL", "http://google.test".to_owned()),
        ("POLLUX_ADMIN_TOKEN", ADMIN.to_owned()),
        ("POLLUX_MASTER_KEY", MASTER.to_owned()),
    ];
    let log = plan.notes_calls().then(|| ("POLLUX_CALL_LOG", format!("{data}/{CALL_LOG}")));
    let drawn = plan.settings().iter().map(|(name, value)| (*name, (*value).to_owned()));
    let environment = fixed.into_iter().chain(log).chain(drawn).collect::<Environment>();
    let config = config::load(&Flags::default(), &environment).unwrap();
    let app = app::build_in(surroundings.clone(), &config).await.unwrap();
    let (life, served, gateway) = (Lifecycle::new(), CancellationToken::new(), app.gateway.clone());
    let (router, _) = app.start(&life, &served);
    Running { router, gateway, life, served }
}

/// Keys project by project, a moment apart, so that ids are in their order; then what is declared of them.
async fn furnish(plan: &Plan, simulator: &Simulator, running: &Running) {
    let keyring = &running.gateway.keyring;
    let keys = simulator.keys();
    for (project, keys) in keys.chunks(keys.len() / plan.limits.len()).enumerate() {
        let lines: Vec<String> = keys.iter().map(|key| format!("p{project}={key}")).collect();
        keyring.add(&lines.join("\n"), &WordsChange::default(), Origin::Admin).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    let bearer = format!("Bearer {ADMIN}");
    let send = async |method: &str, path: &str, body: serde_json::Value| {
        let request = http_request(method, path, &bearer, &body);
        let response = tower::ServiceExt::oneshot(running.router.clone(), request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        assert!(head.status.is_success(), "{method} {path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice::<serde_json::Value>(&body).unwrap_or_default()
    };
    let listed = send("GET", "/admin/projects", serde_json::Value::Null).await;
    let rows = listed["data"].as_array().unwrap();
    let id = |row: &serde_json::Value| row["id"].as_str().unwrap().to_owned();
    let projects: Vec<String> = rows.iter().map(id).collect();
    for (project, limits) in projects.iter().zip(&plan.limits).filter(|_| plan.declared) {
        for model in MODELS {
            let body = serde_json::json!({ "rpm": limits.rpm, "tpm": limits.tpm, "rpd": limits.rpd });
            send("PUT", &format!("/admin/projects/{project}/limits/{model}"), body).await;
        }
    }
    for project in projects.iter().take(plan.paid) {
        send("PATCH", &format!("/admin/projects/{project}"), serde_json::json!({ "tier": "paid" })).await;
    }
}

pub(super) fn http_request(
    method: &str,
    path: &str,
    bearer: &str,
    body: &serde_json::Value,
) -> hyper::Request<axum::body::Body> {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", bearer)
        .header("content-type", "application/json")
        .body(axum::body::Body::from(text))
        .unwrap()
}

async fn people(running: &Running) -> Vec<User> {
    let mut users = Vec::new();
    for (name, private, weight) in [("ann", false, 1), ("bob", false, 3), ("cy", false, 1), ("dot", true, 1)]
    {
        let terms = Terms { private, weight, ..Terms::default() };
        let (_, key) = running.gateway.access.create_user_on(name, terms).await.unwrap();
        users.push(User { key: key.expose().to_owned(), private });
        sleep(Duration::from_millis(1)).await;
    }
    users
}
