//! One call, front to back: who is calling, what goes wrong, what it costs, what is said.

use std::fmt;
use std::io;

use axum::body::Body;
use axum::http::{Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::answer::{self, Prompt};
use crate::fault::{self, Event, Fault, Scene, Stage};
use crate::key::Key;
use crate::ledger::Entry;
use crate::model::{self, Model};
use crate::noise::hash_with;
use crate::outlet::{Framing, Outlet};
use crate::quota::{Demand, Meter};
use crate::refusal::{self, Refusal};
use crate::reply::{self, Envelope};
use crate::request::{Call, Target};
use crate::script::Cue;
use crate::shelf::{Told, Visitor, batch as job_of};
use crate::simulator::World;
use crate::turn::Court;
use crate::{control, embed, field, inspect, token};

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(crate) struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection was closed on purpose")
    }
}

impl std::error::Error for Aborted {}

/// What a call comes to.
enum Outcome {
    Events(Vec<Value>),
    Told(Told),
    Aborted,
}

/// Answers one request.
pub(crate) async fn handle(world: &World, request: Request<Body>) -> Result<Response<Body>, Aborted> {
    let mut outlet = Outlet { framing: Framing::Whole, faults: Vec::new(), pacing: world.options.pacing };
    let call = match Call::read(request, &world.shelf).await {
        Ok(call) => call,
        Err(refusal) => return Ok(outlet.refuse(&refusal, world.ledger.open())),
    };
    if call.path.starts_with("/__sim") {
        return Ok(control::respond(world, &call));
    }
    if let Some(replay) = &world.replay {
        return Ok(replay.answer(&call, world.ledger.open()));
    }
    outlet.framing = call.framing();
    let mut visit = Visit::new(world, &call);
    let outcome = visit.run();
    visit.settle(&outcome);
    outlet.faults = std::mem::take(&mut visit.faults);
    let guard = world.ledger.open();
    let delay = outlet.delay();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match outcome {
        Ok(Outcome::Aborted) => Err(Aborted),
        Ok(Outcome::Told(told)) => {
            let mut guard = guard;
            guard.finish();
            Ok(told.into_response())
        }
        Ok(Outcome::Events(events)) => Ok(outlet.answer(&shaped(&outlet.faults, events), guard)),
        Err(refusal) => Ok(outlet.refuse(&refusal, guard)),
    }
}

/// A body that breaks at once, for routers that cannot close a connection.
pub(crate) fn broken_body() -> Body {
    Body::from_stream(futures_util::stream::iter([Err::<axum::body::Bytes, _>(io::Error::from(
        io::ErrorKind::ConnectionReset,
    ))]))
}

fn shaped(faults: &[Fault], events: Vec<Value>) -> Vec<Event> {
    let content = faults.iter().find(|fault| fault.stage() == Stage::Content);
    match content {
        Some(fault) => fault::shape(fault, events),
        None => events.into_iter().map(Event::Json).collect(),
    }
}

/// A call on its way through, and what the ledger will say about it.
struct Visit<'a> {
    world: &'a World,
    call: &'a Call,
    entry: Entry,
    faults: Vec<Fault>,
}

impl<'a> Visit<'a> {
    fn new(world: &'a World, call: &'a Call) -> Self {
        let entry = Entry { sequence: world.ledger.next(), at_ms: world.clock.now_ms(), ..Entry::default() };
        Self { world, call, entry, faults: Vec::new() }
    }

    fn run(&mut self) -> Result<Outcome, Refusal> {
        let Some((version, target)) = self.call.target() else {
            return Err(Refusal::html(
                404,
                "Error 404 (Not Found)!!1",
                "The requested URL was not found on this server.",
            ));
        };
        target.model().clone_into(&mut self.entry.model);
        let key = match self.session_key() {
            Some(key) => key,
            None => self.credential(target.method())?,
        };
        let key = key.clone();
        self.entry.key = Some(key.clone());
        self.faults = self.faults_for(&key, &target)?;
        if self.faults.iter().any(|fault| fault.name() == "reset-before") {
            return Ok(Outcome::Aborted);
        }
        if let Some(refusal) = self.broken(&key, &target) {
            return Err(refusal);
        }
        match &target {
            Target::List => self.list(version).map(|page| Outcome::Events(vec![page])),
            Target::Describe { model } => {
                let model = find(model, version, "getModel")?;
                Ok(Outcome::Events(vec![model.describe()]))
            }
            Target::Keep { .. } => {
                let told = self.world.shelf().serve(self.visitor(&key), self.call)?;
                Ok(Outcome::Told(told))
            }
            Target::Act { model, action } => {
                let model = find(model, version, action)?;
                self.act(&key, model, action).map(Outcome::Events)
            }
        }
    }

    /// Whoever knows the address of an upload session needs no key.
    fn session_key(&self) -> Option<&'a Key> {
        let session = self.call.parameter("upload_id").filter(|_| self.call.path.starts_with("/upload/"))?;
        let project = self.world.shelf().project_of(session)?;
        let is_none = self.call.header("x-goog-api-key").is_none();
        self.world.keys.all().iter().find(|key| is_none && key.project == project)
    }

    fn visitor(&self, key: &Key) -> Visitor {
        Visitor { project: key.project, seed: self.world.options.seed, now_ms: self.entry.at_ms }
    }

    /// Exactly one credential, in one of two places (wire.md §1 fact 1).
    fn credential(&self, method: &str) -> Result<&'a Key, Refusal> {
        let world = self.world;
        let header = self.call.header("x-goog-api-key");
        let query = self.call.parameter("key");
        let bearer = self.call.header("authorization");
        let count = [header, query, bearer].iter().flatten().count()
            + self.call.headers.get_all("x-goog-api-key").iter().skip(1).count();
        if count > 1 {
            return Err(refusal::two_credentials());
        }
        if bearer.is_some() {
            return Err(refusal::bearer(method));
        }
        let text = header.or(query).filter(|text| !text.is_empty()).ok_or_else(refusal::unregistered)?;
        let key = world.keys.find(text).ok_or_else(|| refusal::bad_key(false))?;
        if query.is_some() && key.is_header_only() {
            return Err(Refusal::rpc(404, "NOT_FOUND", "Requested entity was not found.")
                .because("auth-key-in-query"));
        }
        Ok(key)
    }

    /// What the header asks for, then what the script does.
    fn faults_for(&mut self, key: &Key, target: &Target) -> Result<Vec<Fault>, Refusal> {
        let named = Fault::parse_list(self.call.header("x-sim-fault").unwrap_or_default());
        let mut faults =
            named.map_err(|error| Refusal::invalid(&error.to_string()).because("unknown-fault"))?;
        let cue = Cue { key, model: target.model(), method: target.method() };
        faults.extend(self.world.director().faults(cue));
        self.entry.faults = faults.iter().map(Fault::to_string).collect();
        Ok(faults)
    }

    /// Faults with a status of their own, and keys that do not work.
    fn broken(&self, key: &Key, target: &Target) -> Option<Refusal> {
        let fallback = model::all().first()?;
        let model = model::find(target.model()).unwrap_or(fallback);
        let limits = self.world.limits(key, model);
        let scene = Scene { key, model, method: target.method(), tier: self.world.options.tier, limits };
        let by_fault = self.faults.iter().find_map(|fault| fault::refusal(fault, scene));
        by_fault.or_else(|| refusal::key_state(self.world.director().key_state(key), key, target.method()))
    }

    fn list(&self, version: &str) -> Result<Value, Refusal> {
        let size = self.call.parameter("pageSize").map_or(Ok(50), str::parse::<usize>);
        let size =
            size.map_err(|_| Refusal::invalid("Invalid value at 'page_size' (TYPE_INT32)"))?.clamp(1, 1_000);
        let start = match self.call.parameter("pageToken").filter(|token| !token.is_empty()) {
            Some(token) => page_start(token).ok_or_else(|| Refusal::invalid("Invalid page token."))?,
            None => 0,
        };
        let served: Vec<&Model> = model::all().iter().filter(|model| model.is_served_on(version)).collect();
        let rows: Vec<Value> = served.iter().skip(start).take(size).map(|model| model.describe()).collect();
        let mut page = json!({ "models": rows });
        if start + size < served.len() {
            page["nextPageToken"] = json!(URL_SAFE_NO_PAD.encode(format!("page {}", start + size)));
        }
        Ok(page)
    }

    fn act(&mut self, key: &Key, model: &'static Model, action: &str) -> Result<Vec<Value>, Refusal> {
        let body = match action {
            "batchGenerateContent" => self.call.json()?,
            _ => field::canonical(action, self.call.json()?)?,
        };
        match action {
            "countTokens" => {
                let tokens = inspect::count(&body)?;
                Ok(vec![
                    json!({"totalTokens": tokens.total(), "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens.total()}]}),
                ])
            }
            "embedContent" | "batchEmbedContents" => {
                let (reply, tokens) = embed::answer(model, action, &body)?;
                self.meter(key, model, tokens)?;
                self.entry.prompt_tokens = tokens;
                Ok(vec![reply])
            }
            "batchGenerateContent" => {
                Ok(vec![job_of(&mut self.world.shelf(), self.visitor(key), (model.id, body))?])
            }
            _ => self.generate(key, model, &body),
        }
    }

    fn generate(&mut self, key: &Key, model: &'static Model, body: &Value) -> Result<Vec<Value>, Refusal> {
        let court = Court { model, notary: self.world.notary(), project: key.project };
        inspect::generate(court, body)?;
        let cached = self.world.shelf().admit(self.visitor(key), body)?;
        let tokens = token::of_request(body).total() + cached;
        if let Err(refusal) = inspect::length(model, tokens) {
            self.world.quotas().burn((key.project, model.bucket()), self.demand(tokens));
            return Err(refusal);
        }
        self.meter(key, model, tokens)?;
        let prompt = Prompt {
            body,
            model,
            project: key.project,
            notary: self.world.notary(),
            hop_tokens: self.world.options.hop_tokens,
            seed: answer::seed_of(model, body),
            sequence: self.entry.sequence,
        };
        let mut answer = answer::compose(prompt)?;
        answer.prompt.text += cached;
        let envelope = Envelope {
            model,
            response_id: answer::response_id(prompt),
            cached: cached.max(self.cached(key.project, body)),
        };
        self.entry.prompt_tokens = answer.prompt.total();
        let events = match self.call.framing() {
            Framing::Whole => vec![reply::whole(&answer, &envelope)],
            Framing::Array | Framing::Sse => reply::stream(&answer, &envelope),
        };
        Ok(events)
    }

    fn meter(&self, key: &Key, model: &'static Model, tokens: u64) -> Result<(), Refusal> {
        let options = &self.world.options;
        let limits = self.world.limits(key, model);
        let place = (key.project, model.bucket());
        let taken = self.world.quotas().take(place, limits, options.minute_window, self.demand(tokens));
        taken.map_err(|exceeded| Meter { model, tier: options.tier, limits }.refuse(&exceeded))
    }

    fn demand(&self, tokens: u64) -> Demand {
        Demand { now_ms: self.entry.at_ms, tokens }
    }

    /// Tokens of the longest beginning of this conversation that the project has seen before.
    fn cached(&self, project: u32, body: &Value) -> u64 {
        if !self.world.options.implicit_cache {
            return 0;
        }
        let mut seen = self.world.seen_prompts();
        let mut mark = hash_with(&body["systemInstruction"].to_string(), u64::from(project));
        let (mut read, mut cached) = (token::of_content(&body["systemInstruction"]).total(), 0);
        for content in body["contents"].as_array().into_iter().flatten() {
            mark = hash_with(&content.to_string(), mark);
            read += token::of_content(content).total();
            if !seen.insert(mark) {
                cached = read;
            }
        }
        cached
    }

    /// Writes the call into the ledger, whatever became of it.
    fn settle(&mut self, outcome: &Result<Outcome, Refusal>) {
        match outcome {
            Ok(Outcome::Events(events)) => {
                self.entry.status = 200;
                let usage = &events.last().unwrap_or(&Value::Null)["usageMetadata"];
                let count = |name: &str| usage[name].as_u64().unwrap_or(0);
                self.entry.output_tokens = count("candidatesTokenCount") + count("thoughtsTokenCount");
            }
            Ok(Outcome::Told(_)) => self.entry.status = 200,
            Ok(Outcome::Aborted) => self.entry.reason = Some("fault:reset-before".to_owned()),
            Err(refusal) => {
                self.entry.status = refusal.status;
                self.entry.reason = Some(refusal.reason.clone());
            }
        }
        self.world.ledger.record(&self.entry, self.call, self.world.options.recent_requests);
    }
}

fn find(id: &str, version: &str, action: &str) -> Result<&'static Model, Refusal> {
    let missing = || {
        if model::is_retired(id) {
            refusal::retired_model(id)
        } else {
            refusal::unknown_model(id, version, action)
        }
    };
    let model = model::find(id).filter(|model| model.is_served_on(version)).ok_or_else(missing)?;
    if action == "getModel" || model.offers(action) {
        Ok(model)
    } else {
        Err(refusal::unknown_model(id, version, action))
    }
}

fn page_start(token: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix("page ")?.parse().ok()
}
