//! Files, caches, batches and stores: each lives in one project, belongs to one user, and is found there again.

mod caches;
mod files;
mod jobs;

use hyper::Method;
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::reply::Reply;

const MODEL: &str = "gemini-3.8-flash";

/// A user of the bed, as Google's clients speak for one.
struct User<'a> {
    bed: &'a Bed,
    key: String,
}

impl<'a> User<'a> {
    fn first(bed: &'a Bed) -> Self {
        Self { bed, key: bed.user_key.clone() }
    }

    async fn another(bed: &'a Bed) -> Self {
        Self { bed, key: bed.another_user("Another").await }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let mut all = vec![("x-goog-api-key", self.key.as_str())];
        all.extend_from_slice(headers);
        self.bed.send(method, path, &all, body).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], Vec::new()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        let json = [("content-type", "application/json")];
        self.send(Method::POST, path, &json, body.to_string().into_bytes()).await
    }

    /// Begins an upload; the path and query of its session.
    async fn begin(&self, path: &str, file: &Value, kind: &str) -> Reply {
        let headers = [
            ("content-type", "application/json"),
            ("x-goog-upload-protocol", "resumable"),
            ("x-goog-upload-command", "start"),
            ("x-goog-upload-header-content-type", kind),
        ];
        self.send(Method::POST, path, &headers, file.to_string().into_bytes()).await
    }

    /// A whole file in two pieces, the way Google's clients send it: without a key from the second request on.
    async fn upload(&self, kind: &str, bytes: &[u8]) -> Value {
        let begun =
            self.begin("/upload/v1beta/files", &json!({"file": {"displayName": "a file"}}), kind).await;
        let session = session(self.bed, &begun);
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        let piece = put(self.bed, &session, ("upload", 0), first).await;
        assert_eq!(
            (piece.status, piece.header("x-goog-upload-status")),
            (200, Some("active")),
            "{}",
            piece.body
        );
        let last = put(self.bed, &session, ("upload, finalize", first.len()), rest).await;
        assert_eq!((last.status, last.header("x-goog-upload-status")), (200, Some("final")), "{}", last.body);
        last.json()["file"].clone()
    }

    async fn ask(&self, body: &Value) -> Reply {
        self.post(&format!("/v1beta/models/{MODEL}:generateContent"), body).await
    }

    async fn ask_about(&self, file: &Value) -> Reply {
        self.ask(&about(file)).await
    }
}

fn about(file: &Value) -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "What is it?"}, {"fileData": {"fileUri": file["uri"],
        "mimeType": file["mimeType"]}}]}]})
}

/// Sends a piece of a file as anybody who knows the session.
async fn put(bed: &Bed, session: &str, (command, offset): (&str, usize), bytes: &[u8]) -> Reply {
    let offset = offset.to_string();
    let headers = [("x-goog-upload-command", command), ("x-goog-upload-offset", offset.as_str())];
    bed.send(Method::POST, session, &headers, bytes.to_vec()).await
}

/// The session's path and query, which must be our own.
fn session(bed: &Bed, begun: &Reply) -> String {
    assert_eq!(begun.status, 200, "{}", begun.body);
    let address = begun.header("x-goog-upload-url").unwrap();
    address.strip_prefix(&bed.base).unwrap_or_else(|| panic!("{address} is not ours")).to_owned()
}

fn name(thing: &Value) -> String {
    thing["name"].as_str().unwrap_or_else(|| panic!("no name in {thing}")).to_owned()
}

fn names(list: &Value, field: &str) -> Vec<String> {
    list[field].as_array().unwrap_or_else(|| panic!("no {field} in {list}")).iter().map(name).collect()
}

/// Of each project, how many calls the simulator accepted.
fn by_project(bed: &Bed) -> Vec<u64> {
    let mut projects = Vec::new();
    for (label, count) in bed.accepted() {
        let project: usize = label[1..].split('k').next().unwrap().parse().unwrap();
        projects.resize(projects.len().max(project + 1), 0);
        projects[project] += count;
    }
    projects
}

/// The project that accepted calls since `before`, if it was one alone.
fn only_project(bed: &Bed, before: &[u64]) -> usize {
    let after = by_project(bed);
    let busy: Vec<usize> = (0..after.len()).filter(|at| after[*at] > before[*at]).collect();
    assert_eq!(busy.len(), 1, "{before:?} → {after:?}");
    busy[0]
}
