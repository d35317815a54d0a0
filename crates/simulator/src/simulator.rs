//! The simulator as its users hold it: options in, a router or a server out, and a handle to look and turn.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::calendar::next_pacific_midnight_ms;
use crate::clock::Clock;
use crate::exchange::{self, Aborted};
use crate::key::{Key, KeyRing};
use crate::ledger::Ledger;
use crate::model::Model;
use crate::options::{Error, Limits, Options};
use crate::quota::Quotas;
use crate::replay::Replay;
use crate::script::{Director, Script};
use crate::shelf::Shelf;
use crate::signature::Notary;

/// A Gemini look-alike. Cheap to clone; all clones are the same simulator.
#[derive(Debug, Clone)]
pub struct Simulator {
    world: Arc<World>,
}

/// Everything that calls share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) keys: KeyRing,
    pub(crate) clock: Clock,
    pub(crate) ledger: Ledger,
    pub(crate) replay: Option<Replay>,
    quotas: Mutex<Quotas>,
    director: Mutex<Director>,
    seen_prompts: Mutex<HashSet<u64>>,
    pub(crate) shelf: Mutex<Shelf>,
}

impl Simulator {
    /// Prepares a simulator; reads the recordings when there are any.
    pub fn new(options: Options) -> Result<Self, Error> {
        let world = World {
            keys: KeyRing::new(&options)?,
            clock: Clock::new(options.clock_start, options.clock_goes_on),
            ledger: Ledger::default(),
            replay: options.replay.as_deref().map(Replay::load).transpose()?,
            quotas: Mutex::default(),
            director: Mutex::new(Director::new(options.script.clone().unwrap_or_default())),
            seen_prompts: Mutex::default(),
            shelf: Mutex::default(),
            options,
        };
        Ok(Self { world: Arc::new(world) })
    }

    /// Every key, project by project.
    pub fn keys(&self) -> Vec<String> {
        self.world.keys.all().iter().map(|key| key.text.clone()).collect()
    }

    /// How many recordings answer, when the simulator replays.
    pub fn recordings(&self) -> Option<usize> {
        self.world.replay.as_ref().map(Replay::len)
    }

    /// All routes, for a caller that has a server. The fault `reset-before` needs [`Simulator::serve`].
    pub fn router(&self) -> Router {
        let world = Arc::clone(&self.world);
        Router::new().fallback(move |request: Request<Body>| {
            let world = Arc::clone(&world);
            async move {
                let answered = exchange::handle(&world, request).await;
                answered.unwrap_or_else(|Aborted| Response::new(exchange::broken_body()))
            }
        })
    }

    /// Serves the listener until `shutdown` is done; connections that are still open then are cut.
    pub async fn serve<F: Future<Output = ()>>(self, listener: TcpListener, shutdown: F) {
        let mut connections = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => { connections.spawn(serve_one(Arc::clone(&self.world), stream)); }
                    Err(error) => {
                        tracing::debug!(%error, "a connection was not accepted");
                        // Out of file handles, most likely; others must close theirs first.
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    /// Serves one connection until it ends, whatever carries it: a socket, or a pipe within the process.
    pub async fn serve_stream<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        serve_stream(self.world, stream).await;
    }

    /// What `GET /__sim/state` answers.
    pub fn state(&self) -> Value {
        self.world.state()
    }

    /// The simulated time in epoch milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    /// Moves the clock forward.
    pub fn advance(&self, by_ms: i64) {
        self.world.clock.advance(by_ms);
    }

    /// Replaces the script, or adds to it when it says so.
    pub fn set_script(&self, script: Script) {
        self.world.director().take(script);
    }
}

async fn serve_one(world: Arc<World>, stream: TcpStream) {
    // Without delay each write is a packet, which the byte faults are about.
    let _slower_without = stream.set_nodelay(true);
    serve_stream(world, stream).await;
}

/// HTTP/1.1 and HTTP/2 on one connection; an aborted call takes the connection with it.
async fn serve_stream<S>(world: Arc<World>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let world = Arc::clone(&world);
        async move { exchange::handle(&world, request.map(Body::new)).await }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().max_buf_size(1 << 20);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

impl World {
    pub(crate) fn quotas(&self) -> MutexGuard<'_, Quotas> {
        self.quotas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn director(&self) -> MutexGuard<'_, Director> {
        self.director.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn seen_prompts(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.seen_prompts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notary(&self) -> Notary {
        Notary { seed: self.options.seed, bind_to_project: self.options.bind_signatures }
    }

    /// Overrides for the project and model first, then for everything, then the tier.
    pub(crate) fn limits(&self, key: &Key, model: &Model) -> Limits {
        let fits = |name: &str| {
            let rows = self.options.limits.iter().filter(move |row| row.model == name);
            let mine = rows.clone().find(|row| row.project == Some(key.project));
            mine.or_else(|| rows.clone().find(|row| row.project.is_none()))
        };
        let found = fits(model.id).or_else(|| fits(model.bucket())).or_else(|| fits("*"));
        found.map_or_else(|| model.limits(self.options.tier), |row| row.limits)
    }

    pub(crate) fn state(&self) -> Value {
        let now_ms = self.clock.now_ms();
        let mut state = self.ledger.state(&self.keys);
        state["now_ms"] = json!(now_ms);
        state["pacific_midnight_ms"] = json!(next_pacific_midnight_ms(now_ms));
        state["frozen"] = json!(self.clock.is_frozen());
        state["tier"] = json!(self.options.tier.name());
        state["quotas"] = self.quotas().state(self.options.minute_window, now_ms);
        state
    }
}
