//! The test bed: a gateway over a simulated Gemini, both on loopback, both on one clock that tests turn.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use pollux::app;
use pollux::clock::{ManualClock, Moment};
use pollux::config::{self, Environment, Flags};
use pollux::lifecycle::Lifecycle;
use serde_json::{Value, json};
use simulator::{LimitOverride, Limits, Options, Script, Simulator};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::reply::Reply;

/// 2026-11-22 20:00 UTC: noon in Los Angeles.
pub(crate) const NOON: i64 = 1_795_377_600_000;
/// From noon to the Pacific midnight, and past the jitter of the benches that end then.
pub(crate) const TO_TOMORROW: Duration = Duration::from_secs(12 * 3_600 + 130);

pub(crate) const ADMIN: &str = "admin-token-of-the-test-bed";

/// How a bed is set up.
pub(crate) struct Plan {
    pub(crate) projects: u32,
    pub(crate) keys_per_project: u32,
    pub(crate) limits: Limits,
    pub(crate) simulator: Options,
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Tell the gateway which keys belong together.
    pub(crate) labelled: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            projects: 4,
            keys_per_project: 3,
            limits: Limits::default(),
            simulator: Options::default(),
            settings: Vec::new(),
            labelled: true,
        }
    }
}

impl Plan {
    pub(crate) fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    pub(crate) fn limits(self, rpm: Option<u64>, rpd: Option<u64>) -> Self {
        Self { limits: Limits { rpm, tpm: None, rpd }, ..self }
    }

    pub(crate) async fn start(self) -> Bed {
        Bed::start(self).await
    }
}

/// A gateway over a simulated Gemini.
pub(crate) struct Bed {
    pub(crate) simulator: Simulator,
    pub(crate) user_key: String,
    pub(crate) base: String,
    /// Keys by project, as the simulator made them.
    pub(crate) keys: Vec<Vec<String>>,
    clock: Arc<ManualClock>,
    client: Client<HttpConnector, Full<Bytes>>,
    lifecycle: Lifecycle,
    gateway: Lifecycle,
    ended: oneshot::Receiver<()>,
    settings: Vec<(&'static str, String)>,
    pub(crate) data: TempDir,
}

impl Bed {
    pub(crate) async fn start(mut plan: Plan) -> Self {
        let mut options = std::mem::take(&mut plan.simulator);
        let everywhere = LimitOverride { model: "*".to_owned(), project: None, limits: plan.limits };
        options.limits.push(everywhere);
        let simulator = Simulator::new(Options {
            projects: plan.projects,
            keys_per_project: plan.keys_per_project,
            clock_start: Some(NOON),
            recent_requests: 4_096,
            ..options
        })
        .unwrap();
        let keys: Vec<Vec<String>> =
            simulator.keys().chunks(plan.keys_per_project as usize).map(<[String]>::to_vec).collect();
        let lifecycle = Lifecycle::new();
        let upstream = serve_simulator(&simulator, &lifecycle).await;

        let data = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::new(Moment(NOON)));
        let settings = environment(&plan, &keys, &upstream, &data);
        let Running { base, user_key, gateway, ended } = run(&settings, &clock, &lifecycle).await;
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { simulator, user_key, base, keys, clock, client, lifecycle, gateway, ended, settings, data }
    }

    /// Another user's key.
    pub(crate) async fn another_user(&self, name: &str) -> String {
        let made = self.admin(Method::POST, "/admin/users", &json!({ "name": name })).await.json();
        made["key"].as_str().unwrap().to_owned()
    }

    /// Stops the gateway and starts it again on the same data and the same simulator.
    pub(crate) async fn restart(self) -> Self {
        self.gateway.stop();
        self.ended.await.unwrap();
        let Running { base, user_key, gateway, ended } =
            run(&self.settings, &self.clock, &self.lifecycle).await;
        Self { user_key, base, gateway, ended, ..self }
    }

    /// Stops the gateway and starts one that has these settings in the place of its own (an empty one takes a setting
    /// away), after `meanwhile` was done.
    pub(crate) async fn move_to(
        mut self,
        settings: &[(&'static str, String)],
        meanwhile: impl AsyncFnOnce(&config::Config),
    ) -> Self {
        self.gateway.stop();
        self.ended.await.unwrap();
        self.settings.retain(|(name, _)| settings.iter().all(|(other, _)| other != name));
        self.settings.extend_from_slice(settings);
        let environment = self.settings.iter().cloned().collect::<Environment>();
        meanwhile(&config::load(&Flags::default(), &environment).unwrap()).await;
        let Running { base, user_key, gateway, ended } =
            run(&self.settings, &self.clock, &self.lifecycle).await;
        Self { user_key, base, gateway, ended, ..self }
    }

    /// Another gateway with the same settings and a data directory of its own, over the same simulator.
    pub(crate) async fn peer(&self) -> Self {
        let data = TempDir::new().unwrap();
        let mut settings = self.settings.clone();
        settings.retain(|(name, _)| *name != "POLLUX_DATA_DIR");
        settings.push(("POLLUX_DATA_DIR", data.path().display().to_string()));
        let lifecycle = Lifecycle::new();
        let Running { base, user_key, gateway, ended } = run(&settings, &self.clock, &lifecycle).await;
        let (simulator, keys, clock) = (self.simulator.clone(), self.keys.clone(), Arc::clone(&self.clock));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { simulator, user_key, base, keys, clock, client, lifecycle, gateway, ended, settings, data }
    }

    /// Gives notice that the gateway will stop.
    pub(crate) fn leave(&self) {
        self.gateway.leave();
    }

    /// Where the simulated Gemini answers.
    pub(crate) fn upstream(&self) -> String {
        let said = self.settings.iter().find(|(name, _)| *name == "POLLUX_UPSTREAM_URL");
        said.map(|(_, value)| value.clone()).unwrap()
    }

    /// Turns both clocks.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.simulator.advance(i64::try_from(by.as_millis()).unwrap());
    }

    pub(crate) fn script(&self, script: Value) {
        self.simulator.set_script(Script::from_json(&script.to_string()).unwrap());
    }

    /// Calls the simulator accepted, by the label of the key (`p0k1`).
    pub(crate) fn accepted(&self) -> Vec<(String, u64)> {
        let state = self.simulator.state();
        let keys = state["keys"].as_object().unwrap();
        keys.iter().map(|(label, count)| (label.clone(), count["accepted"].as_u64().unwrap())).collect()
    }

    pub(crate) fn accepted_in_all(&self) -> u64 {
        self.accepted().iter().map(|(_, count)| count).sum()
    }

    pub(crate) async fn stop(self) -> TempDir {
        self.gateway.stop();
        self.lifecycle.stop();
        self.lifecycle.shutdown(Duration::from_secs(2)).await;
        self.data
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let response = self.client.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Sends a request as it is; the status of its answer.
    pub(crate) async fn request(&self, request: Request<Full<Bytes>>) -> u16 {
        self.client.request(request).await.unwrap().status().as_u16()
    }

    /// Sends as the user.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_with(path, body, &[]).await
    }

    pub(crate) async fn post_with(&self, path: &str, body: &Value, more: &[(&str, &str)]) -> Reply {
        let bearer = format!("Bearer {}", self.user_key);
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        headers.extend_from_slice(more);
        self.send(Method::POST, path, &headers, body.to_string()).await
    }

    /// Sends as the admin.
    pub(crate) async fn admin(&self, method: Method, path: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {ADMIN}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, &headers, body).await
    }

    /// What is measured.
    pub(crate) async fn metrics(&self, accept: &str) -> Reply {
        let bearer = format!("Bearer {ADMIN}");
        self.send(Method::GET, "/metrics", &[("authorization", &bearer), ("accept", accept)], "").await
    }

    /// A chat completion with one user message.
    pub(crate) async fn chat(&self, model: &str, text: &str) -> Reply {
        self.post("/v1/chat/completions", &chat(model, text, false)).await
    }

    /// The same, streamed, with faults for the first attempt.
    pub(crate) async fn stream(&self, model: &str, text: &str, faults: &str) -> Reply {
        let faults: &[(&str, &str)] = if faults.is_empty() { &[] } else { &[("x-sim-fault", faults)] };
        self.post_with("/v1/chat/completions", &chat(model, text, true), faults).await
    }

    /// A response whose body is still open.
    pub(crate) async fn open(&self, body: &Value, faults: &str) -> hyper::Response<Incoming> {
        let request = Request::post(format!("{}/v1/chat/completions", self.base))
            .header("authorization", format!("Bearer {}", self.user_key))
            .header("x-sim-fault", faults)
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        self.client.request(request).await.unwrap()
    }
}

pub(crate) fn chat(model: &str, text: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": text }] })
}

/// A gateway that is serving.
struct Running {
    base: String,
    user_key: String,
    gateway: Lifecycle,
    ended: oneshot::Receiver<()>,
}

async fn run(
    settings: &[(&'static str, String)],
    clock: &Arc<ManualClock>,
    lifecycle: &Lifecycle,
) -> Running {
    let environment = settings.iter().cloned().collect::<Environment>();
    let config = config::load(&Flags::default(), &environment).unwrap();
    let app = app::build(&config, Arc::clone(clock) as _).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (_, user_key) = app.gateway.access.create_user("Bed", None).await.unwrap();
    let gateway = Lifecycle::new();
    let (life, (end, ended)) = (gateway.clone(), oneshot::channel());
    lifecycle.spawn("gateway", async move {
        app.serve(listener, &life, Duration::from_secs(1)).await.unwrap();
        let _nobody_may_wait = end.send(());
    });
    Running { base, user_key: user_key.expose().to_owned(), gateway, ended }
}

async fn serve_simulator(simulator: &Simulator, lifecycle: &Lifecycle) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let soft = lifecycle.soft();
    lifecycle.spawn("simulator", simulator.clone().serve(listener, soft.cancelled_owned()));
    address
}

fn environment(
    plan: &Plan,
    keys: &[Vec<String>],
    upstream: &str,
    data: &TempDir,
) -> Vec<(&'static str, String)> {
    let named = keys.iter().enumerate().flat_map(|(project, keys)| {
        keys.iter().map(move |key| if plan.labelled { format!("p{project}={key}") } else { key.clone() })
    });
    let mut settings = vec![
        ("POLLUX_DATA_DIR", data.path().display().to_string()),
        ("POLLUX_UPSTREAM_URL", upstream.to_owned()),
        ("GEMINI_API_KEYS", named.collect::<Vec<_>>().join(",")),
        ("POLLUX_ADMIN_TOKEN", ADMIN.to_owned()),
        ("POLLUX_ALLOW_SIM_FAULTS", "on".to_owned()),
        ("POLLUX_MASTER_KEY", "the master key of the test bed, long enough".to_owned()),
        // Waiting would be real waiting.
        ("POLLUX_QUEUE_PATIENCE", "0".to_owned()),
    ];
    settings.extend(plan.settings.iter().cloned());
    settings
}
