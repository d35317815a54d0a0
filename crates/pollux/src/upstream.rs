//! One HTTP conversation with Google: connections, egress proxies, time-outs.
//!
//! A call goes out with exactly one credential, the header `x-goog-api-key` (`wire.md` §1.1), and with no header but
//! those the caller names. Dropping the future of `send`, or a `Response`, ends the exchange at once: HTTP/1 closes
//! the connection, HTTP/2 resets the stream.
//!
//! Invariant: knows no pool and no dialect; never retries what Google may have begun to execute.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body_util::Either;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, timeout_at};

use crate::secret::Secret;

mod dial;
mod egress;
mod error;
mod message;
mod payload;
mod response;
mod socket;
mod tls;
mod ways;

pub use egress::EgressProxy;
pub use error::{BodyError, SendError, SetupError};
pub use message::BaseUrl;
pub use payload::Payload;
pub use response::{Response, Timings};
pub use socket::Pipes;

use dial::Connector;
use ways::Ways;

/// How Google is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the API lives; a path before `/v1beta` is kept.
    pub base_url: BaseUrl,
    /// Proxies between us and Google; several take turns, none means a direct connection.
    pub egress: Vec<EgressProxy>,
    /// A PEM file of certificates to trust besides the public ones.
    pub extra_roots: Option<PathBuf>,
    /// From the name lookup to the end of the TLS handshake, a proxy's part included.
    pub connect_timeout: Duration,
    /// The waits of a call which names no others.
    pub deadlines: Deadlines,
    /// Which protocol is spoken.
    pub http: HttpVersion,
    /// How long an unused connection is kept.
    pub pool_idle_timeout: Duration,
    /// How many unused HTTP/1 connections are kept per egress.
    pub max_idle_per_host: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: BaseUrl::default(),
            egress: Vec::new(),
            extra_roots: None,
            connect_timeout: Duration::from_secs(10),
            deadlines: Deadlines::default(),
            http: HttpVersion::Auto,
            pool_idle_timeout: Duration::from_secs(30),
            max_idle_per_host: 20,
        }
    }
}

/// How long one exchange may take. The first two figures are those of `wire.md` §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the start of the call to the first byte of the answer's body.
    pub first_event: Duration,
    /// Between two pieces of the body. Gemini is silent for minutes while it thinks.
    pub idle: Duration,
    /// The whole exchange.
    pub total: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            first_event: Duration::from_mins(2),
            idle: Duration::from_mins(5),
            total: Duration::from_mins(20),
        }
    }
}

/// Which version of HTTP is spoken with Google.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// What the TLS handshake agrees on; HTTP/1.1 without TLS.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only, also without TLS.
    Http2,
}

/// One way out: a proxy, or the direct connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EgressId(pub usize);

/// What is asked of Google.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The verb.
    pub method: Method,
    /// What follows the base address, from the slash on. Must not hold a credential.
    pub path_and_query: &'a str,
    /// Who asks.
    pub key: &'a Secret,
    /// What is sent, JSON unless a header says otherwise.
    pub body: Payload,
    /// More headers. Credentials and `host` are refused.
    pub headers: &'a [(&'a str, &'a str)],
    /// Which way out; without one they take turns.
    pub egress: Option<EgressId>,
    /// The waits of this call instead of those in the settings.
    pub deadlines: Option<Deadlines>,
}

impl<'a> Request<'a> {
    /// A request with the usual waits and any way out.
    pub fn new(method: Method, path_and_query: &'a str, key: &'a Secret, body: impl Into<Payload>) -> Self {
        let body = body.into();
        Self { method, path_and_query, key, body, headers: &[], egress: None, deadlines: None }
    }
}

/// A body that is sent as it comes, and never again.
pub type Flow = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// What a request carries.
type Sent = Either<Payload, Flow>;

/// The connections to Google.
pub struct Upstream {
    base: BaseUrl,
    deadlines: Deadlines,
    routes: Vec<Route>,
    ways: Ways,
}

struct Route {
    label: String,
    client: Client<Connector, Sent>,
}

impl Upstream {
    /// Prepares connections, opens none.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Self::over(settings, None)
    }

    /// The same, over these pipes instead of the network if there are any.
    pub fn over(settings: &Settings, pipes: Option<&Arc<dyn Pipes>>) -> Result<Self, SetupError> {
        let roots = tls::roots(settings.extra_roots.as_deref())?;
        let ways = settings.egress.iter().map(Some).chain(settings.egress.is_empty().then_some(None));
        let routes: Vec<Route> = ways
            .map(|proxy| {
                let label = proxy.map_or_else(|| String::from("direct"), EgressProxy::label);
                let connector = Connector::new(settings, pipes, proxy.cloned(), &roots)?;
                Ok(Route { label, client: client(settings, connector) })
            })
            .collect::<Result<_, SetupError>>()?;
        Ok(Self {
            base: settings.base_url.clone(),
            deadlines: settings.deadlines,
            ways: Ways::new(routes.len()),
            routes,
        })
    }

    /// The waits of a call that names no others.
    pub fn deadlines(&self) -> Deadlines {
        self.deadlines
    }

    /// Every way out with a name that may be shown; never empty.
    pub fn egress(&self) -> impl Iterator<Item = (EgressId, &str)> {
        self.routes.iter().enumerate().map(|(index, route)| (EgressId(index), route.label.as_str()))
    }

    /// Every way out, and whether it is used now or sits out.
    pub fn standing(&self) -> impl Iterator<Item = (EgressId, &str, bool)> {
        let now = Instant::now();
        self.egress().map(move |(id, label)| (id, label, self.ways.is_open(id, now)))
    }

    /// The way out whose turn it is. A caller that wants to blame the egress asks first and names it in the request.
    pub fn next_egress(&self) -> EgressId {
        self.ways.next(Instant::now())
    }

    /// Google does not like where this way comes out: it sits out for so long, unless it is the only one.
    pub fn bench_egress(&self, egress: EgressId, pause: Duration) {
        self.ways.bench(egress, pause, Instant::now());
    }

    /// Sends, and waits for the head of the answer.
    pub async fn send(&self, request: Request<'_>) -> Result<Response, SendError> {
        let body = Either::Left(request.body.clone());
        self.send_with(request, body).await
    }

    /// The same with a body that is passed on piece by piece, in the place of the request's own.
    pub async fn send_flow(&self, request: Request<'_>, flow: Flow) -> Result<Response, SendError> {
        self.send_with(request, Either::Right(flow)).await
    }

    async fn send_with(&self, request: Request<'_>, body: Sent) -> Result<Response, SendError> {
        let started = Instant::now();
        let egress = request.egress.unwrap_or_else(|| self.next_egress());
        let deadlines = request.deadlines.unwrap_or(self.deadlines);
        let message = self.base.message(&request, body)?;
        let Some(route) = self.routes.get(egress.0) else {
            return Err(SendError::Invalid(format!("there is no egress {}", egress.0)));
        };
        let wait = deadlines.first_event.min(deadlines.total);
        match timeout_at(started + wait, route.client.request(message)).await {
            Ok(Ok(answer)) => {
                self.ways.succeeded(egress);
                Ok(Response::new(answer, egress, started, deadlines))
            }
            Ok(Err(error)) => {
                self.ways.failed(egress, Instant::now());
                Err(error::from_client(&error))
            }
            Err(_) if deadlines.total <= deadlines.first_event => Err(SendError::TotalTimeout),
            Err(_) => Err(SendError::FirstByteTimeout),
        }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes: Vec<_> = self.egress().collect();
        formatter.debug_struct("Upstream").field("routes", &routes).finish_non_exhaustive()
    }
}

fn client(settings: &Settings, connector: Connector) -> Client<Connector, Sent> {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(settings.pool_idle_timeout)
        .pool_max_idle_per_host(settings.max_idle_per_host)
        // Only a request that was never written goes out again, and only if its connection had been used before.
        .retry_canceled_requests(true)
        .http2_only(settings.http == HttpVersion::Http2)
        .http2_adaptive_window(true)
        // A connection that died silently is found out before the next call trips over it.
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .build(connector)
}

#[cfg(test)]
mod tests;
