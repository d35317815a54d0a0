//! What projects have: files, caches, batches, stores. Each lives in one project, and no key of another reaches it.

mod cache;
mod file;
mod job;
mod upload;

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::noise::Dice;
use crate::outlet::pretty;
use crate::refusal::Refusal;
use crate::request::Call;

pub(crate) use job::batch;
pub(crate) use upload::Arriving;

/// The collections there are.
pub(crate) const COLLECTIONS: [&str; 4] = ["files", "cachedContents", "batches", "fileSearchStores"];

/// Everything that all projects have.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    things: BTreeMap<(u32, String), Thing>,
    sessions: BTreeMap<String, upload::Session>,
    made: u64,
}

/// One of them.
#[derive(Debug, Default, Clone)]
struct Thing {
    /// As it is told.
    value: Value,
    expires_ms: Option<i64>,
    /// What was sent, if it is not long.
    bytes: Bytes,
    tokens: u64,
    /// How often it was asked for.
    looks: u32,
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor {
    pub(crate) project: u32,
    pub(crate) seed: u64,
    pub(crate) now_ms: i64,
}

/// An answer about them.
#[derive(Debug)]
pub(crate) struct Told {
    headers: Vec<(&'static str, String)>,
    kind: String,
    body: Bytes,
}

impl Told {
    fn json(value: &Value) -> Self {
        let body = Bytes::from(format!("{}\n", pretty(value)));
        Self { headers: Vec::new(), kind: "application/json; charset=UTF-8".to_owned(), body }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        if let Ok(kind) = HeaderValue::from_str(&self.kind) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl Shelf {
    /// Does what a call asks for.
    pub(crate) fn serve(&mut self, visitor: Visitor, call: &Call) -> Result<Told, Refusal> {
        self.things.retain(|_, thing| thing.expires_ms.is_none_or(|at| at > visitor.now_ms));
        let path = call.below_version().unwrap_or_default();
        if call.path.starts_with("/upload/") {
            return upload::serve(self, visitor, (call, path));
        }
        let (path, verb) = match path.rsplit_once(':') {
            Some((path, verb)) => (path, verb),
            None => (path, ""),
        };
        let segments: Vec<&str> = path.split('/').collect();
        match (call.verb.as_str(), segments.as_slice(), verb) {
            ("GET", [collection], "") => self.list(visitor, collection, call),
            ("POST", ["cachedContents"], "") => cache::create(self, visitor, call),
            ("POST", ["fileSearchStores"], "") => job::create_store(self, visitor, call),
            ("GET", ["files", id], "download") => self.download(visitor, &format!("files/{id}")),
            ("PATCH", ["cachedContents", id], "") => cache::change(self, visitor, (id, call)),
            ("POST", ["batches", id], "cancel") => job::cancel(self, visitor, id),
            ("POST", ["fileSearchStores", id], "importFile") => job::import(self, visitor, (id, call)),
            ("GET", ["fileSearchStores", id, "documents"], "") => job::documents(self, visitor, id),
            ("GET", _, "") => self.get(visitor, path),
            ("DELETE", _, "") => self.delete(visitor, path),
            _ => Err(not_found()),
        }
    }

    fn list(&self, visitor: Visitor, collection: &str, call: &Call) -> Result<Told, Refusal> {
        let size = call.parameter("pageSize").map_or(Ok(10), str::parse::<usize>);
        let size = size.map_err(|_| Refusal::invalid("Invalid value at 'page_size' (TYPE_INT32)"))?;
        let start = call.parameter("pageToken").unwrap_or("0").parse::<usize>();
        let start = start.map_err(|_| Refusal::invalid("Invalid page token."))?;
        let prefix = format!("{collection}/");
        let is_one = |(project, name): &(u32, String)| {
            *project == visitor.project && name.strip_prefix(&prefix).is_some_and(|id| !id.contains('/'))
        };
        let mine: Vec<&Value> =
            self.things.iter().filter(|(key, _)| is_one(key)).map(|(_, thing)| &thing.value).collect();
        let field = if collection == "batches" { "operations" } else { collection };
        let page: Vec<&&Value> = mine.iter().skip(start).take(size.max(1)).collect();
        let mut answer = json!({ field: page });
        if start + page.len() < mine.len() {
            answer["nextPageToken"] = json!((start + page.len()).to_string());
        }
        Ok(Told::json(&answer))
    }

    fn get(&mut self, visitor: Visitor, name: &str) -> Result<Told, Refusal> {
        let thing = self.thing_mut(visitor, name)?;
        thing.looks += 1;
        file::ripen(thing);
        job::ripen(thing);
        let value = thing.value.clone();
        if let Some(results) = job::results(visitor, &value) {
            self.things.entry((visitor.project, results.0)).or_insert(results.1);
        }
        Ok(Told::json(&value))
    }

    fn delete(&mut self, visitor: Visitor, name: &str) -> Result<Told, Refusal> {
        self.thing_mut(visitor, name)?;
        self.things.remove(&(visitor.project, name.to_owned()));
        Ok(Told::json(&json!({})))
    }

    fn download(&mut self, visitor: Visitor, name: &str) -> Result<Told, Refusal> {
        let thing = self.thing_mut(visitor, name)?;
        if thing.value["source"] == "UPLOADED" {
            return Err(Refusal::invalid("Only generated files can be downloaded.").because("resource"));
        }
        let kind = thing.value["mimeType"].as_str().unwrap_or("application/octet-stream").to_owned();
        Ok(Told { headers: Vec::new(), kind, body: thing.bytes.clone() })
    }

    /// Something that the visitor's project has.
    fn thing_mut(&mut self, visitor: Visitor, name: &str) -> Result<&mut Thing, Refusal> {
        self.things.get_mut(&(visitor.project, name.to_owned())).ok_or_else(|| missing(name))
    }

    fn put(&mut self, visitor: Visitor, name: &str, thing: Thing) {
        self.things.insert((visitor.project, name.to_owned()), thing);
    }

    /// An id that nothing else has.
    fn id(&mut self, visitor: Visitor) -> String {
        const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        self.made += 1;
        let salt = (u64::from(visitor.project) << 32) ^ self.made.wrapping_mul(0x9e37_79b9);
        let mut dice = Dice::new(visitor.seed ^ salt);
        (0..12).map(|_| char::from(dice.pick(ALPHABET))).collect()
    }

    /// Whether a request for content names only what the project has (E15), and the tokens of its cache.
    pub(crate) fn admit(&self, visitor: Visitor, body: &Value) -> Result<u64, Refusal> {
        let is_there = |name: &str| {
            let thing = self.things.get(&(visitor.project, name.to_owned()));
            thing.filter(|thing| thing.expires_ms.is_none_or(|at| at > visitor.now_ms))
        };
        let contents = body["contents"].as_array().into_iter().flatten();
        let parts = contents.flat_map(|content| content["parts"].as_array().into_iter().flatten());
        for id in parts.filter_map(|part| file_id(part["fileData"]["fileUri"].as_str()?)) {
            let file = is_there(&format!("files/{id}")).ok_or_else(|| missing(&format!("files/{id}")))?;
            if file.value["state"] != "ACTIVE" {
                let message = format!("The File {id} is not in an ACTIVE state and usage is not allowed.");
                return Err(Refusal::rpc(400, "FAILED_PRECONDITION", &message).because("file-state"));
            }
        }
        let Some(cache) = body["cachedContent"].as_str() else { return Ok(0) };
        let cache = is_there(cache).ok_or_else(|| missing(cache))?;
        if ["systemInstruction", "tools", "toolConfig"].iter().any(|field| !body[*field].is_null()) {
            return Err(Refusal::invalid(
                "CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.\n\nProposed fix: move those values to CachedContent from GenerateContent request.",
            ));
        }
        Ok(cache.tokens)
    }
}

/// The file that a URI of Google's means.
fn file_id(uri: &str) -> Option<&str> {
    let id = match uri.split_once("generativelanguage.googleapis.com/") {
        Some((_, path)) => path.split_once("/files/")?.1,
        None => uri.strip_prefix("files/")?,
    };
    id.split([':', '?']).next()
}

/// What is not there, and what is another project's, in the same words.
fn missing(name: &str) -> Refusal {
    match name.split_once('/') {
        Some(("files", id)) => {
            let message = format!("You do not have permission to access the File {id} or it may not exist.");
            Refusal::denied(&message).because("resource")
        }
        Some(("cachedContents", _)) => {
            Refusal::denied("CachedContent not found (or permission denied)").because("resource")
        }
        _ => not_found(),
    }
}

fn not_found() -> Refusal {
    Refusal::rpc(404, "NOT_FOUND", "Requested entity was not found.").because("resource")
}

/// A moment as Google writes it.
fn iso(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |at| at.to_string())
}

/// The body with names as JSON of Google's has them.
fn body(call: &Call) -> Result<Value, Refusal> {
    Ok(camel(call.json()?))
}

fn camel(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (camel_name(&name), camel(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(camel).collect(),
        other => other,
    }
}

fn camel_name(name: &str) -> String {
    let mut words = name.split('_').filter(|word| !word.is_empty());
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        camel.push_str(&first.to_uppercase());
        camel.push_str(rest);
    }
    camel
}
