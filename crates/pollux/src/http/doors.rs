//! How wide the gateway's doors are: what a connection, an address and all clients together may take up.

use std::path::PathBuf;
use std::time::Duration;

/// The limits that hold before anybody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doors {
    /// How long the head of a request may take, and the handshake before it.
    pub header_timeout: Duration,
    /// How long a connection may lie unused.
    pub keep_alive: Duration,
    /// How long a body may fall silent while it is sent.
    pub body_timeout: Duration,
    /// How long a client may take nothing of an answer.
    pub write_timeout: Duration,
    /// Connections at once.
    pub connections: usize,
    /// The same, and calls at once, of one address.
    pub per_address: usize,
    /// Calls at once.
    pub calls: usize,
    /// Bytes of requests that calls hold at once.
    pub bodies: usize,
    /// Certificate and key, for those who speak TLS with the gateway itself.
    pub tls: Option<TlsFiles>,
}

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, in PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key, in PEM.
    pub key: PathBuf,
}
