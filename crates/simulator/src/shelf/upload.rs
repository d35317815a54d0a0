//! Uploads: in pieces within a session, or all at once.

use axum::body::{Body, Bytes};
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::file::{Received, keep};
use super::{Shelf, Told, Visitor, camel, job, not_found};
use crate::refusal::Refusal;
use crate::request::Call;

/// What is kept of a file, at most.
const SAMPLE: usize = 1 << 20;
const HOST: &str = "https://generativelanguage.googleapis.com";

/// A file on its way.
#[derive(Debug)]
pub(super) struct Session {
    project: u32,
    /// Where it was begun: `files`, or a store.
    path: String,
    said: Value,
    mime: String,
    arrived: Arriving,
}

/// What has come of a body that is not kept whole.
#[derive(Debug, Default, Clone)]
pub(crate) struct Arriving {
    pub(crate) length: u64,
    pub(crate) sample: Vec<u8>,
    hash: Sha256,
}

impl Arriving {
    /// Reads a body to its end, and counts it to what came before.
    pub(crate) async fn read(mut self, request: Request<Body>) -> Result<Self, axum::Error> {
        let mut body = request.into_body();
        while let Some(frame) = body.frame().await {
            let bytes = frame?.into_data().unwrap_or_default();
            self.length += bytes.len() as u64;
            self.hash.update(&bytes);
            let room = SAMPLE.saturating_sub(self.sample.len()).min(bytes.len());
            self.sample.extend_from_slice(&bytes[..room]);
        }
        Ok(self)
    }
}

impl Shelf {
    /// What has come in a session so far.
    pub(crate) fn arriving(&self, session: &str) -> Arriving {
        self.sessions.get(session).map(|session| session.arrived.clone()).unwrap_or_default()
    }

    /// The project that a session belongs to: its address is all that is needed.
    pub(crate) fn project_of(&self, session: &str) -> Option<u32> {
        self.sessions.get(session).map(|session| session.project)
    }
}

pub(super) fn serve(
    shelf: &mut Shelf,
    visitor: Visitor,
    (call, path): (&Call, &str),
) -> Result<Told, Refusal> {
    if let Some(session) = call.parameter("upload_id") {
        return go_on(shelf, visitor, (call, session));
    }
    if call.header("x-goog-upload-command").is_some_and(|command| command.contains("start")) {
        return begin(shelf, visitor, (call, path));
    }
    let Some(arrived) = &call.arrived else { return Err(not_found()) };
    let (said, mime, sample) = taken_apart(call, &arrived.sample)?;
    let length = if sample.len() == arrived.sample.len() { arrived.length } else { sample.len() as u64 };
    let hash = Sha256::digest(&sample);
    let version = call.version().unwrap_or("v1beta");
    let received =
        Received { said: &said, mime: &mime, length, hash: &hash, bytes: Bytes::from(sample), version };
    let file = keep(shelf, visitor, &received);
    Ok(Told::json(&json!({ "file": file })))
}

fn begin(shelf: &mut Shelf, visitor: Visitor, (call, path): (&Call, &str)) -> Result<Told, Refusal> {
    let said = camel(serde_json::from_slice(&call.body).unwrap_or_default());
    if let Some(name) = said["file"]["name"].as_str()
        && shelf.things.contains_key(&(visitor.project, name.to_owned()))
    {
        return Err(
            Refusal::rpc(409, "ALREADY_EXISTS", "Requested entity already exists").because("resource")
        );
    }
    if let Some((store, _)) = path.split_once(':') {
        shelf.thing_mut(visitor, store)?;
    }
    let mime = call.header("x-goog-upload-header-content-type").unwrap_or("application/octet-stream");
    let id = format!("{}-{}", shelf.id(visitor), shelf.id(visitor));
    let session = Session {
        project: visitor.project,
        path: path.to_owned(),
        said: if said["file"].is_object() { said["file"].clone() } else { said },
        mime: mime.to_owned(),
        arrived: Arriving::default(),
    };
    shelf.sessions.insert(id.clone(), session);
    let address = format!("{HOST}{}?upload_id={id}&upload_protocol=resumable", call.path);
    let told = Told { headers: Vec::new(), kind: "text/plain; charset=utf-8".to_owned(), body: Bytes::new() };
    Ok(told.with("x-goog-upload-url", &address).with("x-goog-upload-status", "active"))
}

fn go_on(shelf: &mut Shelf, visitor: Visitor, (call, id): (&Call, &str)) -> Result<Told, Refusal> {
    let session = shelf.sessions.get_mut(id).ok_or_else(not_found)?;
    let command = call.header("x-goog-upload-command").unwrap_or_default();
    let told = |status: &str| {
        let told =
            Told { headers: Vec::new(), kind: "text/plain; charset=utf-8".to_owned(), body: Bytes::new() };
        told.with("x-goog-upload-status", status)
    };
    if command.contains("query") {
        let received = session.arrived.length.to_string();
        return Ok(told("active").with("x-goog-upload-size-received", &received));
    }
    if command.contains("cancel") {
        shelf.sessions.remove(id);
        return Ok(told("cancelled"));
    }
    let offset = call.header("x-goog-upload-offset").and_then(|offset| offset.parse::<u64>().ok());
    if offset != Some(session.arrived.length) {
        let message = format!("The offset must be {}.", session.arrived.length);
        return Err(Refusal::invalid(&message).because("upload-offset"));
    }
    session.arrived = call.arrived.clone().unwrap_or_default();
    if !command.contains("finalize") {
        return Ok(told("active"));
    }
    let Some(Session { path, said, mime, arrived, .. }) = shelf.sessions.remove(id) else {
        return Err(not_found());
    };
    let Arriving { length, sample, hash } = arrived;
    let (hash, version) = (hash.finalize(), call.version().unwrap_or("v1beta"));
    let bytes = Bytes::from(sample);
    let received = Received { said: &said, mime: &mime, length, hash: &hash, bytes, version };
    let answer = match path.split_once(':') {
        Some((store, _)) => job::indexed(shelf, visitor, (store, &received)),
        None => json!({ "file": keep(shelf, visitor, &received) }),
    };
    Ok(Told::json(&answer).with("x-goog-upload-status", "final"))
}

/// The description, the type and the bytes of an upload in one request.
fn taken_apart(call: &Call, sent: &[u8]) -> Result<(Value, String, Vec<u8>), Refusal> {
    let kind = call.header("content-type").unwrap_or("application/octet-stream");
    let Some((_, boundary)) = kind.split_once("boundary=").filter(|_| kind.starts_with("multipart/")) else {
        return Ok((Value::Null, kind.to_owned(), sent.to_vec()));
    };
    let broken = || Refusal::invalid("The multipart body is malformed.").because("bad-multipart");
    let boundary = format!("--{}", boundary.trim_matches('"'));
    let mut parts = Vec::new();
    let mut rest = sent;
    while let Some(at) = find(rest, boundary.as_bytes()) {
        parts.push(&rest[..at]);
        rest = &rest[at + boundary.len()..];
    }
    let part = |at: usize| {
        let part = parts.get(at)?;
        let end = find(part, b"\r\n\r\n")?;
        Some((String::from_utf8_lossy(&part[..end]).to_lowercase(), part[end + 4..].strip_suffix(b"\r\n")?))
    };
    let (_, said) = part(1).ok_or_else(broken)?;
    let (head, bytes) = part(2).ok_or_else(broken)?;
    let said = camel(serde_json::from_slice(said).map_err(|_| broken())?);
    let mime = head.lines().find_map(|line| line.strip_prefix("content-type:"));
    Ok((said["file"].clone(), mime.unwrap_or("application/octet-stream").trim().to_owned(), bytes.to_vec()))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
