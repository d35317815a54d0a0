//! The admin API through the real router, on a real store. No answer may show a whole key: each is looked at.

mod access;
mod calls;
mod catalog;
mod events;
mod herd;
mod keys;
mod projects;
mod refusals;
mod rules;
mod sessions;
mod settings;
mod users;

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::app::{self, App};
use crate::clock::{ManualClock, Moment};
use crate::config::{self, Environment, Flags};

/// 2026-11-22T00:00:00Z.
const NOW: Moment = Moment(1_795_305_600_000);
const TOKEN: &str = "pollux-admin-for-tests";
/// Stands in the middle of every upstream key of these tests, where no hint shows it.
const CANARY: &str = "Canary";

/// A gateway with an empty store.
struct House {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    app: App,
}

/// What came back.
struct Reply {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl House {
    async fn open() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), settings).await
    }

    async fn in_folder(dir: tempfile::TempDir, settings: &[(&str, &str)]) -> Self {
        let mut said = vec![
            ("POLLUX_DATA_DIR", dir.path().display().to_string()),
            ("POLLUX_ADMIN_TOKEN", TOKEN.to_owned()),
            ("POLLUX_UPSTREAM_URL", "http://127.0.0.1:9".to_owned()),
        ];
        said.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let environment: Environment = said.into_iter().collect();
        let config = config::load(&Flags::default(), &environment).unwrap();
        let clock = Arc::new(ManualClock::new(NOW));
        let app = app::build(&config, clock.clone()).await.unwrap();
        Self { dir, clock, app }
    }

    /// Sends a request with this credential.
    async fn send(
        &self,
        method: &Method,
        path: &str,
        credential: Option<&str>,
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(credential) = credential {
            request = request.header(header::AUTHORIZATION, format!("Bearer {credential}"));
        }
        let response = self.app.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let reply = Reply { status: parts.status.as_u16(), headers: parts.headers, text };
        reply.has_no_secret(path);
        reply
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(&Method::GET, path, Some(TOKEN), Body::empty()).await
    }

    async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(&Method::POST, path, Some(TOKEN), body).await
    }

    /// The same gateway after a restart.
    async fn restart(self) -> Self {
        Self::in_folder(self.dir, &[]).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(&Method::PATCH, path, Some(TOKEN), body.to_string()).await
    }

    async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(&Method::PUT, path, Some(TOKEN), body.to_string()).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.send(&Method::DELETE, path, Some(TOKEN), Body::empty()).await
    }

    /// The status of a user's call.
    async fn call(&self, key: &str) -> u16 {
        self.send(&Method::GET, "/v1/models", Some(key), Body::empty()).await.status
    }

    /// Adds keys and gives their ids.
    async fn add_keys(&self, text: &str) -> Vec<String> {
        let body = serde_json::json!({ "key": text }).to_string();
        let reply = self.post("/admin/keys", body).await.json();
        let keys = reply["keys"].as_array().unwrap();
        keys.iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes a user and gives its id and key.
    async fn add_user(&self, name: &str) -> (String, String) {
        let body = serde_json::json!({ "name": name }).to_string();
        let reply = self.post("/admin/users", body).await.json();
        (reply["id"].as_str().unwrap().to_owned(), reply["key"].as_str().unwrap().to_owned())
    }
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Status and body for a snapshot; what is different each time is replaced.
    fn shown(&self) -> String {
        let pretty = serde_json::to_string_pretty(&self.json()).unwrap();
        let steady = |piece: &str| match piece {
            id if super::path::is_id(id) => format!("[{} id]", id.split('_').next().unwrap_or_default()),
            key if key.starts_with("sk-pollux-") => "[user key]".to_owned(),
            hint if hint.starts_with("sk-p…") => "[hint]".to_owned(),
            other => other.to_owned(),
        };
        let pieces: Vec<_> = pretty.split('"').map(steady).collect();
        format!("{}\n{}", self.status, pieces.join("\""))
    }

    /// Upstream keys are never shown, user keys only by the request that makes them.
    fn has_no_secret(&self, path: &str) {
        let all = format!("{:?}{}", self.headers, self.text);
        assert!(!all.contains(CANARY), "{path} shows a key: {all}");
        let makes_one =
            path.ends_with("/rotate") || path == "/admin/users" || path == "/admin/config/user-key";
        assert!(makes_one || !all.contains("sk-pollux-"), "{path} shows a user's key: {all}");
        assert!(!all.contains(TOKEN), "{path} shows the admin token");
    }
}

/// A route with an id and a model in their places.
fn filled(route: &str, id: &str) -> String {
    route.replace("{id}", id).replace("{model}", "gemini-3.8-flash")
}

/// An upstream key that was never issued.
fn key(number: u32) -> String {
    format!("AIzaSy{CANARY}{CANARY}{CANARY}{number:09}")
}
