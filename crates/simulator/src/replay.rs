//! Answers out of a folder of recordings, one exchange per JSON file.
//!
//! A recording has `request {method, path, query, body}` and `response {status, headers, body | sse | raw, trailing}`.
//! Requests match on method, path and body; several recordings of one request are served in turn.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::ledger::OpenStream;
use crate::options::Error;
use crate::outlet::{pretty, spaced};
use crate::request::Call;

/// Recordings by request.
#[derive(Debug)]
pub(crate) struct Replay {
    shelves: BTreeMap<Ask, Shelf>,
    count: usize,
}

/// What recordings are found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ask {
    verb: String,
    path: String,
    body: String,
}

/// All answers to one request.
#[derive(Debug, Default)]
struct Shelf {
    id: String,
    body: Value,
    answers: Vec<Recorded>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Recorded {
    status: u16,
    content_type: String,
    text: String,
}

impl Replay {
    /// Reads every `.json` file below the folder that holds a request; the others are passed over.
    pub(crate) fn load(folder: &Path) -> Result<Self, Error> {
        let mut replay = Self { shelves: BTreeMap::new(), count: 0 };
        let mut pending = vec![folder.to_path_buf()];
        while let Some(path) = pending.pop() {
            let mut inside: Vec<PathBuf> = Vec::new();
            for entry in std::fs::read_dir(&path).map_err(|error| unreadable(&path, &error))? {
                inside.push(entry.map_err(|error| unreadable(&path, &error))?.path());
            }
            inside.sort();
            for path in inside {
                if path.is_dir() {
                    pending.push(path);
                } else if path.extension().is_some_and(|extension| extension == "json") {
                    replay.read(&path)?;
                }
            }
        }
        Ok(replay)
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    fn read(&mut self, path: &Path) -> Result<(), Error> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let record: Value = serde_json::from_str(&text).map_err(|error| unreadable(path, &error))?;
        let request = &record["request"];
        let (Some(verb), Some(address)) = (request["method"].as_str(), request["path"].as_str()) else {
            return Ok(());
        };
        let Some(answer) = Recorded::read(&record["response"]) else { return Ok(()) };
        let ask = Ask { verb: verb.to_owned(), path: address.to_owned(), body: canonical(&request["body"]) };
        let place = self.shelves.entry(ask).or_default();
        if place.answers.is_empty() {
            let name = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            place.id = record["id"].as_str().map_or_else(name, str::to_owned);
            place.body = request["body"].clone();
        }
        place.answers.push(answer);
        self.count += 1;
        Ok(())
    }

    pub(crate) fn answer(&self, call: &Call, mut guard: OpenStream) -> Response<Body> {
        guard.finish();
        let body = body_of(call);
        let ask = Ask { verb: call.verb.clone(), path: call.path.clone(), body: canonical(&body) };
        let answer = self.shelves.get(&ask).and_then(Shelf::take);
        let (status, kind, text) = match answer {
            Some(answer) => (answer.status, answer.content_type.as_str(), answer.text.clone()),
            None => (404, "application/json; charset=UTF-8", pretty(&self.miss(&ask, &body))),
        };
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Ok(kind) = HeaderValue::from_str(kind) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        response
    }

    /// Says what came closest and where it differs, so that a test can be mended.
    fn miss(&self, ask: &Ask, body: &Value) -> Value {
        let same_path =
            || self.shelves.iter().filter(|(known, _)| known.verb == ask.verb && known.path == ask.path);
        let closest = same_path().max_by_key(|(known, _)| alike(&known.body, &ask.body));
        let message = match closest {
            Some((_, found)) => {
                let place = difference(&found.body, body, "").unwrap_or_default();
                format!(
                    "No recording matches {} {}. The closest is '{}'; it differs at '{place}'.",
                    ask.verb, ask.path, found.id
                )
            }
            None => format!(
                "No recording matches {} {}; nothing was recorded for this path. {} recordings are loaded.",
                ask.verb, ask.path, self.count
            ),
        };
        json!({"error": {"code": 404, "message": message, "status": "NOT_FOUND"}})
    }
}

impl Shelf {
    fn take(&self) -> Option<&Recorded> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.answers.get(turn % self.answers.len().max(1))
    }
}

impl Recorded {
    fn read(response: &Value) -> Option<Self> {
        let is_stream = response["sse"].is_array();
        let fallback = if is_stream { "text/event-stream" } else { "application/json; charset=UTF-8" };
        let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        let content_type = response["headers"]["content-type"].as_str().unwrap_or(fallback).to_owned();
        let text = match (response["raw"].as_str(), response["sse"].as_array(), response.get("body")) {
            (Some(raw), _, _) => raw.to_owned(),
            (None, Some(events), _) => {
                let framed: String = events
                    .iter()
                    .flat_map(|event| ["data: ".to_owned(), spaced(event), "\r\n\r\n".to_owned()])
                    .collect();
                framed + response["trailing"].as_str().unwrap_or_default()
            }
            (None, None, Some(Value::String(text))) => text.clone(),
            (None, None, Some(body)) => pretty(body),
            (None, None, None) => return None,
        };
        Some(Self { status, content_type, text })
    }
}

fn unreadable(path: &Path, error: &impl ToString) -> Error {
    Error::Recording { path: path.to_path_buf(), reason: error.to_string() }
}

fn body_of(call: &Call) -> Value {
    if call.body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(&call.body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&call.body)))
}

/// JSON text with sorted keys, the same for equal values.
fn canonical(value: &Value) -> String {
    sorted(value).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let ordered: BTreeMap<&String, &Value> = fields.iter().collect();
            Value::Object(ordered.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// Length of the common beginning and end, which is enough to rank.
fn alike(left: &str, right: &str) -> usize {
    let ahead = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    let behind =
        left.bytes().rev().zip(right.bytes().rev()).take_while(|(left, right)| left == right).count();
    ahead + behind
}

/// JSON pointer of the first place where two values differ.
fn difference(left: &Value, right: &Value, path: &str) -> Option<String> {
    match (left, right) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let names = ours.keys().chain(theirs.keys());
            let mut found = names.filter_map(|name| {
                let place = format!("{path}/{name}");
                match (ours.get(name), theirs.get(name)) {
                    (Some(ours), Some(theirs)) => difference(ours, theirs, &place),
                    _ => Some(place),
                }
            });
            found.next()
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            let mut pairs = ours.iter().zip(theirs).enumerate();
            pairs.find_map(|(at, (ours, theirs))| difference(ours, theirs, &format!("{path}/{at}")))
        }
        _ => (left != right).then(|| path.to_owned()),
    }
}
