//! Serving a router on a listener until told to stop, with limits on what a connection may take up.

mod places;
mod pulse;
mod tls;
mod watched;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::doors::Doors;
use super::origin::Encrypted;
use crate::access::TrustedProxies;
use crate::telemetry::names;
use places::{Full, Place, Places};
use pulse::{Pulse, Verdict, look_every};
use tls::Tls;
use watched::{Paced, Socket, Told};

pub use tls::TlsError;

/// How often the files of TLS are looked at.
const LOOK_AT_FILES: Duration = Duration::from_secs(10);
/// How long no connection is taken after the system gave none, which it does when descriptors have run out.
const BREATH: Duration = Duration::from_millis(200);
/// The longest head of a request.
const MOST_HEAD: u32 = 64 << 10;
/// The most headers in it.
const MOST_HEADERS: usize = 128;
/// Requests at once on one connection of HTTP/2.
const MOST_STREAMS: u32 = 256;
/// Streams of HTTP/2 that a client may have thrown away before we looked at them.
const MOST_RESETS: usize = 20;
/// What waits for one slow reader of HTTP/2.
const SEND_BUFFER: usize = 64 << 10;
/// How often a silent client of HTTP/2 is asked whether it is there, and how long it has to say so.
const PING: (Duration, Duration) = (Duration::from_mins(1), Duration::from_secs(20));
/// What a client reads that found no place; best effort.
const NO_PLACE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Serves a router behind its doors.
#[derive(Debug)]
pub struct Server {
    router: Router,
    doors: Arc<Doors>,
    places: Arc<Places>,
    proxies: TrustedProxies,
    tls: Option<Tls>,
}

/// One connection.
struct Connection {
    router: Router,
    doors: Arc<Doors>,
    pulse: Arc<Pulse>,
    peer: SocketAddr,
    stop: CancellationToken,
    encrypted: bool,
}

impl Server {
    /// A server of `router`; connections of `proxies` are not counted by address.
    ///
    /// # Errors
    /// When certificate and key cannot be used.
    pub fn new(router: Router, doors: Doors, proxies: TrustedProxies) -> Result<Self, TlsError> {
        let tls = doors.tls.clone().map(Tls::open).transpose()?;
        let places = Arc::new(Places::new(doors.connections, doors.per_address));
        Ok(Self { router, doors: Arc::new(doors), places, proxies, tls })
    }

    /// Serves until `shutdown` resolves, then lets running exchanges finish.
    ///
    /// # Errors
    /// When the system's signals cannot be heard.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let stop = CancellationToken::new();
        let mut open = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        let mut files = pin!(self.tend_files()?);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = &mut files => {}
                Some(_ended) = open.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.welcome(stream, peer, (&mut open, &stop)),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        sleep(BREATH).await;
                    }
                }
            }
        }
        drop(listener);
        stop.cancel();
        while open.join_next().await.is_some() {}
        Ok(())
    }

    /// Looks after the files of TLS for ever.
    fn tend_files(&self) -> io::Result<impl Future<Output = ()>> {
        #[cfg(unix)]
        let mut asked = match self.tls {
            Some(_) => Some(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?),
            None => None,
        };
        Ok(async move {
            let Some(tls) = &self.tls else { return std::future::pending().await };
            loop {
                #[cfg(unix)]
                let asked = match &mut asked {
                    Some(signal) => timeout(LOOK_AT_FILES, signal.recv()).await.is_ok(),
                    None => std::future::pending().await,
                };
                #[cfg(not(unix))]
                let asked = {
                    sleep(LOOK_AT_FILES).await;
                    false
                };
                match tls.refresh(asked) {
                    Ok(true) => tracing::info!("certificate and key were read again"),
                    Ok(false) => {}
                    Err(error) => tracing::error!(%error, "the certificate known before is kept"),
                }
            }
        })
    }

    fn welcome(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        (open, stop): (&mut JoinSet<()>, &CancellationToken),
    ) {
        let counted = (!self.proxies.has(peer.ip())).then(|| peer.ip());
        let place = match self.places.take(counted) {
            Ok(place) => place,
            Err(full) => {
                let reason = match full {
                    Full::All => "connections",
                    Full::Address => "address",
                };
                metrics::counter!(names::TURNED_AWAY, "reason" => reason).increment(1);
                if self.tls.is_none() {
                    let _best_effort = stream.try_write(NO_PLACE);
                }
                return;
            }
        };
        // Small frames of a stream must not wait for more to come.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
        let tls = self.tls.as_ref().map(|tls| TlsAcceptor::from(tls.config()));
        let connection = Connection {
            router: self.router.clone(),
            doors: Arc::clone(&self.doors),
            pulse: Arc::new(Pulse::new(Instant::now())),
            peer,
            stop: stop.clone(),
            encrypted: tls.is_some(),
        };
        open.spawn(connection.attend(stream, tls, place));
    }
}

impl Connection {
    async fn attend(self, stream: TcpStream, tls: Option<TlsAcceptor>, _place: Place) {
        let socket = Socket::new(stream, Arc::clone(&self.pulse));
        let Some(tls) = tls else { return Box::pin(self.converse(socket)).await };
        match timeout(self.doors.header_timeout, tls.accept(socket)).await {
            Ok(Ok(stream)) => Box::pin(self.converse(stream)).await,
            Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
            Err(_) => cut("handshake"),
        }
    }

    async fn converse(self, io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Self { router, doors, pulse, peer, stop, encrypted } = self;
        let service = service_fn(|request: Request<Incoming>| {
            let multiplexed = request.version() == Version::HTTP_2;
            let open = pulse.begin(Instant::now(), multiplexed);
            let mut request = request.map(|body| Body::new(Paced::new(body, doors.body_timeout)));
            request.extensions_mut().insert(ConnectInfo(peer));
            if encrypted {
                request.extensions_mut().insert(Encrypted);
            }
            let answer = router.clone().oneshot(request);
            async move {
                let response = answer.await?;
                Ok::<Response, Infallible>(response.map(|body| Body::new(Told::new(body, open))))
            }
        });
        let builder = builder();
        let mut exchange = pin!(builder.serve_connection_with_upgrades(TokioIo::new(io), service));
        let (look, mut stopping) = (look_every(&doors), false);
        loop {
            tokio::select! {
                biased;
                ended = exchange.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error, "a connection ended badly");
                    }
                    return;
                }
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    exchange.as_mut().graceful_shutdown();
                }
                () = sleep(look) => match pulse.verdict(Instant::now(), &doors) {
                    Verdict::Keep => {}
                    Verdict::Close => exchange.as_mut().graceful_shutdown(),
                    Verdict::Cut(why) => return cut(why),
                }
            }
        }
    }
}

fn cut(why: &'static str) {
    metrics::counter!(names::CONNECTIONS_CUT, "reason" => why).increment(1);
    tracing::debug!(why, "a connection was cut: its client was too slow");
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Heads are timed by the pulse, which knows an unused connection from a slow one.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http1().max_headers(MOST_HEADERS).max_buf_size(MOST_HEAD as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_pending_accept_reset_streams(MOST_RESETS)
        .max_header_list_size(MOST_HEAD)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1);
    builder
}
