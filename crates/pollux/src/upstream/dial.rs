//! Opening a connection: look up, connect, pass the egress proxy, shake hands.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{io, vec};

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Uri, header};
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::SocksV5;
use rustls::RootCertStore;
use tokio::time::timeout;
use tower::{Service, service_fn};

use super::egress::{EgressProxy, Kind, Login};
use super::error::{SendError, SetupError, find, story};
use super::socket::{Ground, Pipes, Socket};
use super::{HttpVersion, Settings, tls};
use crate::telemetry::names;

type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;
type Stream = MaybeHttpsStream<Socket>;

/// What the HTTP client calls for a new connection: everything below, within one time limit.
#[derive(Clone)]
pub(super) struct Connector {
    inner: HttpsConnector<Dial>,
    limit: Duration,
}

impl Connector {
    pub(super) fn new(
        settings: &Settings,
        pipes: Option<&Arc<dyn Pipes>>,
        proxy: Option<EgressProxy>,
        roots: &Arc<RootCertStore>,
    ) -> Result<Self, SetupError> {
        let ground =
            pipes.map_or_else(|| Ground::Tcp(tcp(settings)), |pipes| Ground::Pipes(Arc::clone(pipes)));
        let first_hop = HttpsConnectorBuilder::new()
            .with_tls_config(tls::config(roots)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(ground);
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls::config(roots)?).https_or_http();
        let dial = Dial { first_hop, proxy };
        let inner = match settings.http {
            HttpVersion::Auto => builder.enable_all_versions().wrap_connector(dial),
            HttpVersion::Http1 => builder.enable_http1().wrap_connector(dial),
            HttpVersion::Http2 => builder.enable_http2().wrap_connector(dial),
        };
        Ok(Self { inner, limit: settings.connect_timeout })
    }
}

fn tcp(settings: &Settings) -> HttpConnector<Resolver> {
    let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(Duration::from_mins(1)));
    // Shared out among the addresses of a name, so that a dead first one leaves time for the others.
    tcp.set_connect_timeout(Some(settings.connect_timeout));
    tcp
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Stream>;
    type Error = SendError;
    type Future = BoxFuture<Self::Response, SendError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let opening = timeout(self.limit, self.inner.call(target));
        Box::pin(async move {
            let opened = match opening.await {
                Err(_) => Err(SendError::ConnectTimeout),
                Ok(opened) => opened.map_err(|error| match error.downcast::<SendError>() {
                    Ok(known) => *known,
                    Err(other) => SendError::Tls(story(&*other)),
                }),
            };
            let result = if opened.is_ok() { "opened" } else { "failed" };
            metrics::counter!(names::UPSTREAM_CONNECTS, "result" => result).increment(1);
            opened
        })
    }
}

/// The part below the TLS with Google: TCP, and the proxy if there is one.
#[derive(Clone)]
struct Dial {
    first_hop: HttpsConnector<Ground>,
    proxy: Option<EgressProxy>,
}

impl Service<Uri> for Dial {
    type Response = Stream;
    type Error = SendError;
    type Future = BoxFuture<Stream, SendError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let (hop, proxy) = (self.first_hop.clone(), self.proxy.clone());
        Box::pin(async move {
            let authority = authority(&target);
            let Some(proxy) = proxy else { return reach(hop, plain(authority)?).await };
            let stream = reach(hop, proxy.address.clone()).await?;
            match proxy.kind {
                Kind::Connect => tunnel(stream, authority, &proxy).await,
                Kind::Socks5 => socks(stream, plain(authority)?, &proxy).await,
            }
        })
    }
}

/// `host:port` of the target, the port always written.
fn authority(target: &Uri) -> String {
    let standard = if target.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
    format!("{}:{}", target.host().unwrap_or_default(), target.port_u16().unwrap_or(standard))
}

fn plain(authority: String) -> Result<Uri, SendError> {
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query("/").build();
    uri.map_err(|error| SendError::Invalid(error.to_string()))
}

async fn reach(mut hop: HttpsConnector<Ground>, address: Uri) -> Result<Stream, SendError> {
    hop.call(address).await.map_err(|error| {
        let detail = story(&*error);
        match find::<NotFound>(&*error) {
            Some(_) => SendError::Dns(detail),
            // hyper-rustls wraps a failed handshake in an io error; a failed connect has a type of its own.
            None if error.is::<io::Error>() => SendError::Tls(detail),
            None => SendError::Connect(detail),
        }
    })
}

/// Asks an HTTP proxy for a tunnel. hyper-util's `Tunnel` would hide the status of a refusal.
async fn tunnel(stream: Stream, authority: String, proxy: &EgressProxy) -> Result<Stream, SendError> {
    let broken = |error: hyper::Error| SendError::Proxy { status: None, detail: story(&error) };
    let mut request = Request::connect(authority.as_str()).header(header::HOST, authority.as_str());
    if let Some(value) = proxy.login.as_ref().and_then(Login::basic) {
        request = request.header(header::PROXY_AUTHORIZATION, value);
    }
    let request =
        request.body(Empty::<Bytes>::new()).map_err(|error| SendError::Invalid(error.to_string()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(broken)?;
    let mut asking = Box::pin(async move {
        let answer = sender.send_request(request).await.map_err(broken)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(SendError::Proxy { status: Some(status.as_u16()), detail: status.to_string() });
        }
        hyper::upgrade::on(answer).await.map_err(broken)
    });
    let upgraded = tokio::select! {
        biased;
        upgraded = &mut asking => upgraded?,
        _ended = connection.with_upgrades() => asking.await?,
    };
    let same = |_| SendError::Proxy { status: None, detail: String::from("lost the stream") };
    let parts = upgraded.downcast::<Stream>().map_err(same)?;
    if parts.read_buf.is_empty() {
        return Ok(parts.io);
    }
    Err(SendError::Proxy { status: None, detail: String::from("spoke before the tunnel was used") })
}

async fn socks(stream: Stream, target: Uri, proxy: &EgressProxy) -> Result<Stream, SendError> {
    let mut stream = Some(stream);
    let dialled =
        service_fn(move |_: Uri| ready(stream.take().ok_or_else(|| io::Error::other("dialled twice"))));
    let mut handshake = SocksV5::new(proxy.address.clone(), dialled);
    if let Some(login) = &proxy.login {
        handshake = handshake.with_auth(login.user.clone(), String::from(login.password.expose()));
    }
    let refused = handshake.call(target).await;
    refused.map_err(|error| SendError::Proxy { status: None, detail: story(&error) })
}

/// The system's resolver with an error that can be told from other connect errors.
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct NotFound(io::Error);

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<std::net::SocketAddr>;
    type Error = NotFound;
    type Future = BoxFuture<Self::Response, NotFound>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), NotFound>> {
        self.0.poll_ready(context).map_err(NotFound)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let looking = self.0.call(name);
        Box::pin(async move {
            let found = looking.await.map_err(NotFound)?;
            Ok(found.collect::<Vec<_>>().into_iter())
        })
    }
}
