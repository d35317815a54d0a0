//! What happened: counts by key, project and model, open streams, and the last requests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::key::{Key, KeyRing};
use crate::request::Call;

/// Bodies longer than this are remembered by their length only.
const BODY_MEMORY: usize = 1 << 20;
const CREDENTIALS: [&str; 4] = ["authorization", "x-goog-api-key", "x-api-key", "cookie"];

/// Counters that the whole simulator shares.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    books: Mutex<Books>,
    sequence: AtomicU64,
    open: Arc<Streams>,
}

#[derive(Debug, Default)]
struct Books {
    keys: BTreeMap<String, Tally>,
    projects: BTreeMap<u32, Tally>,
    models: BTreeMap<String, Tally>,
    total: Tally,
    recent: VecDeque<Value>,
}

#[derive(Debug, Default)]
struct Streams {
    open: AtomicI64,
    aborted: AtomicU64,
}

/// Sums of one key, project or model.
#[derive(Debug, Default, Clone)]
struct Tally {
    accepted: u64,
    rejected: BTreeMap<String, u64>,
    prompt_tokens: u64,
    output_tokens: u64,
}

/// One finished call.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) at_ms: i64,
    pub(crate) key: Option<Key>,
    pub(crate) model: String,
    pub(crate) status: u16,
    /// Why it was refused, or nothing.
    pub(crate) reason: Option<String>,
    pub(crate) faults: Vec<String>,
    pub(crate) prompt_tokens: u64,
    pub(crate) output_tokens: u64,
}

/// A response that is being written; dropped unfinished, its client went away.
#[derive(Debug)]
pub(crate) struct OpenStream {
    streams: Arc<Streams>,
    finished: bool,
}

impl OpenStream {
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.open.fetch_sub(1, Ordering::SeqCst);
        if !self.finished {
            self.streams.aborted.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Tally {
    fn add(&mut self, entry: &Entry) {
        match &entry.reason {
            Some(reason) => *self.rejected.entry(reason.clone()).or_default() += 1,
            None => self.accepted += 1,
        }
        self.prompt_tokens += entry.prompt_tokens;
        self.output_tokens += entry.output_tokens;
    }

    fn state(&self) -> Value {
        let Self { accepted, rejected, prompt_tokens, output_tokens } = self;
        let calls = accepted + rejected.values().sum::<u64>();
        json!({"calls": calls, "accepted": accepted, "rejected": rejected, "prompt_tokens": prompt_tokens, "output_tokens": output_tokens})
    }
}

impl Ledger {
    /// The number of the next request, from 1.
    pub(crate) fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn open(&self) -> OpenStream {
        self.open.open.fetch_add(1, Ordering::SeqCst);
        OpenStream { streams: Arc::clone(&self.open), finished: false }
    }

    pub(crate) fn record(&self, entry: &Entry, call: &Call, keep: usize) {
        // A benchmark remembers nothing and should not pay for it.
        let snapshot = (keep > 0).then(|| snapshot(entry, call));
        let mut books = self.lock();
        books.total.add(entry);
        if let Some(key) = &entry.key {
            books.keys.entry(key.label()).or_default().add(entry);
            books.projects.entry(key.project).or_default().add(entry);
        }
        if !entry.model.is_empty() {
            books.models.entry(entry.model.clone()).or_default().add(entry);
        }
        books.recent.extend(snapshot);
        while books.recent.len() > keep {
            books.recent.pop_front();
        }
    }

    pub(crate) fn forget(&self) {
        *self.lock() = Books::default();
    }

    /// Counts, with a row for every key even when it was never called.
    pub(crate) fn state(&self, ring: &KeyRing) -> Value {
        let books = self.lock();
        let rows = |label: String| {
            let tally = books.keys.get(&label).cloned().unwrap_or_default();
            (label, tally.state())
        };
        let keys: Map<String, Value> = ring.all().iter().map(|key| rows(key.label())).collect();
        let projects: Map<String, Value> =
            books.projects.iter().map(|(project, tally)| (project.to_string(), tally.state())).collect();
        let models: Map<String, Value> =
            books.models.iter().map(|(model, tally)| (model.clone(), tally.state())).collect();
        json!({
            "total": books.total.state(),
            "keys": keys,
            "projects": projects,
            "models": models,
            "open_streams": self.open.open.load(Ordering::SeqCst),
            "aborted_streams": self.open.aborted.load(Ordering::SeqCst),
            "recent": books.recent,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request as tests want to see it: every header, with credentials replaced by the label of their key.
fn snapshot(entry: &Entry, call: &Call) -> Value {
    let label = entry.key.as_ref().map_or_else(|| "unknown".to_owned(), Key::label);
    let shown = |name: &str, value: &str| {
        if CREDENTIALS.contains(&name) { format!("<{label}>") } else { value.to_owned() }
    };
    let headers: Vec<Value> = call
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), shown(name.as_str(), value.to_str().unwrap_or_default())]))
        .collect();
    let mut credentials: Vec<&str> =
        CREDENTIALS.into_iter().filter(|name| call.headers.contains_key(*name)).collect();
    credentials.extend(call.parameter("key").map(|_| "?key"));
    let query: Map<String, Value> = call
        .query
        .iter()
        .filter(|(name, _)| name != "key")
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({
        "sequence": entry.sequence,
        "at_ms": entry.at_ms,
        "method": call.verb,
        "path": call.path,
        "query": query,
        "headers": headers,
        "credentials": credentials,
        "key": label,
        "model": entry.model,
        "body": body(call),
        "status": entry.status,
        "reason": entry.reason,
        "faults": entry.faults,
    })
}

fn body(call: &Call) -> Value {
    if call.body.len() > BODY_MEMORY {
        return json!({ "bytes": call.body.len() });
    }
    let text = || json!(String::from_utf8_lossy(&call.body));
    serde_json::from_slice(&call.body).unwrap_or_else(|_| text())
}
