//! The way out: looking up names, and encrypted connections to addresses.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const PORT: u16 = 443;

/// An open connection.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What is fetched from.
#[async_trait]
pub trait Network: Debug + Send + Sync {
    /// The addresses of a name.
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>>;

    /// An encrypted connection to this address, on which the other side has proved to be `host`.
    async fn connect(&self, address: IpAddr, host: &str) -> io::Result<Box<dyn Wire>>;
}

/// The internet.
#[derive(Debug)]
pub struct Internet {
    tls: Arc<ClientConfig>,
}

impl Internet {
    /// Trusts whom browsers trust.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(Self { tls: Arc::new(builder.with_root_certificates(roots).with_no_client_auth()) })
    }
}

#[async_trait]
impl Network for Internet {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, PORT)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn connect(&self, address: IpAddr, host: &str) -> io::Result<Box<dyn Wire>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = TcpStream::connect(SocketAddr::new(address, PORT)).await?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await?;
        Ok(Box::new(stream))
    }
}
