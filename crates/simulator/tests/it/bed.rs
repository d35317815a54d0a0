//! A running simulator and a client for it.

use std::future::pending;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use simulator::{Options, Simulator};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Noon in Los Angeles, in winter.
pub(crate) const NOON: i64 = 1_796_155_200_000;
pub(crate) const FLASH: &str = "gemini-3.8-flash";

pub(crate) struct Bed {
    pub(crate) simulator: Simulator,
    pub(crate) base: String,
    client: Client<HttpConnector, Full<Bytes>>,
    _server: JoinSet<()>,
}

/// What came back, as far as it came.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// Network reads in which the body arrived.
    pub(crate) reads: usize,
    /// Whether the body ended as HTTP wants it.
    pub(crate) complete: bool,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text.split(['\r', '\n']).filter_map(|line| line.strip_prefix("data: "));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Bed {
    pub(crate) async fn start(options: Options) -> Self {
        let simulator = Simulator::new(options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        let twin = simulator.clone();
        server.spawn(async move { twin.serve(listener, pending()).await });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { simulator, base, client, _server: server }
    }

    /// Frozen at noon, with limits that do not get in the way.
    pub(crate) async fn roomy() -> Self {
        Self::start(Options { tier: simulator::Tier::Paid, clock_start: Some(NOON), ..Options::default() })
            .await
    }

    /// The same simulator, spoken to over HTTP/2.
    pub(crate) fn over_http2(self) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).http2_only(true).build_http(), ..self }
    }

    pub(crate) fn key(&self, at: usize) -> String {
        self.simulator.keys()[at].clone()
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Reply, String> {
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (head, mut body) = response.into_parts();
        let mut reply = Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            bytes: Vec::new(),
            reads: 0,
            complete: false,
        };
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return Ok(reply) };
            reply.bytes.extend_from_slice(&frame.into_data().unwrap_or_default());
            reply.reads += 1;
        }
        reply.complete = true;
        Ok(reply)
    }

    /// Whether a stream falls silent after this many events; then the client leaves.
    pub(crate) async fn hangs_after(&self, fault: &str, events: usize) -> bool {
        let key = self.key(0);
        let headers = [("x-goog-api-key", key.as_str()), ("x-sim-fault", fault)];
        let path = format!("/v1beta/models/{FLASH}:streamGenerateContent?alt=sse");
        let response = self.client.request(self.request("POST", &path, &headers, &say("hi"))).await.unwrap();
        let mut body = response.into_body();
        let mut text = String::new();
        while text.matches("\r\n\r\n").count() < events {
            let bytes = body.frame().await.unwrap().unwrap().into_data().unwrap();
            text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        // Silence can only be waited for; a slow machine makes this pass, never fail.
        timeout(Duration::from_millis(50), body.frame()).await.is_err()
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        self.send(self.request("POST", path, headers, body)).await.unwrap()
    }

    pub(crate) fn request(
        &self,
        verb: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(verb).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        request.body(Full::new(bytes)).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path, &[("x-goog-api-key", &self.key(0))], &Value::Null)).await.unwrap()
    }

    pub(crate) async fn generate(&self, model: &str, body: &Value) -> Reply {
        self.post(
            &format!("/v1beta/models/{model}:generateContent"),
            &[("x-goog-api-key", &self.key(0))],
            body,
        )
        .await
    }

    pub(crate) async fn stream(&self, model: &str, body: &Value) -> Reply {
        let path = format!("/v1beta/models/{model}:streamGenerateContent?alt=sse");
        self.post(&path, &[("x-goog-api-key", &self.key(0))], body).await
    }

    pub(crate) async fn faulty(&self, fault: &str, action: &str) -> Result<Reply, String> {
        let headers = [("x-goog-api-key", self.key(0)), ("x-sim-fault", fault.to_owned())];
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let path = format!("/v1beta/models/{FLASH}:{action}");
        self.send(self.request("POST", &path, &headers, &say("你好 world"))).await
    }
}

/// A request in which the user says one thing.
pub(crate) fn say(text: &str) -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": text}]}]})
}

/// The same with further fields.
pub(crate) fn say_with(text: &str, more: &Value) -> Value {
    let mut body = say(text);
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The text of all events, without thoughts.
pub(crate) fn text_of(events: &[Value]) -> String {
    let parts = events
        .iter()
        .flat_map(|event| event["candidates"][0]["content"]["parts"].as_array().into_iter().flatten());
    parts.filter(|part| part["thought"] != true).filter_map(|part| part["text"].as_str()).collect()
}
