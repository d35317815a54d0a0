//! Media that a request names by URL, fetched by the gateway: from the public internet, and from nowhere else.
//!
//! Whoever may call may name any address, and the gateway stands where others cannot reach. So a name is looked up once, every
//! address it has must be a public one, and the connection goes to the address that was judged, not to the name. Each redirect
//! is judged anew. Nothing of ours goes along: no cookie, no credential, no proxy.
//!
//! Invariant: no connection is opened to an address that `address::is_public` refuses.

mod address;
mod fetch;
mod network;
mod place;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

pub use network::{Internet, Network, Wire};

/// Fetches media.
#[derive(Clone, Debug)]
pub struct Media {
    network: Arc<dyn Network>,
}

/// What one fetch may take.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Bytes.
    pub bytes: usize,
    /// From the first look-up to the last byte.
    pub time: Duration,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its type, without parameters.
    pub mime: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Fetched {
    /// Whether a type says nothing.
    pub fn is_vague(mime: &str) -> bool {
        matches!(mime, "" | "application/octet-stream" | "binary/octet-stream")
    }
}

/// Why nothing was fetched. `Display` is for the client and does not tell what is inside our network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read as a URL that is fetched.
    #[error("{0}")]
    Url(&'static str),
    /// It leads to where clients may not lead the gateway; or nowhere.
    #[error("the host is not one on the public internet")]
    Host,
    /// It goes from one address to another too often.
    #[error("it redirects more than {0} times")]
    Redirects(usize),
    /// The host could not be spoken to.
    #[error("the host did not answer as a web server does")]
    Broken,
    /// The host says no.
    #[error("the host answered with status {0}")]
    Status(u16),
    /// It takes too long.
    #[error("it took longer than {} s", .0.as_secs())]
    Slow(Duration),
    /// There is too much of it.
    #[error("it is larger than the {} MB that are fetched", .0 >> 20)]
    Large(usize),
    /// It is no media.
    #[error("its type is {0:?}; images, audio, video, PDF and plain text are fetched")]
    Type(String),
}

impl Media {
    /// Fetches from this network.
    pub fn new(network: Arc<dyn Network>) -> Self {
        Self { network }
    }

    /// Fetches what is at `url`.
    ///
    /// # Errors
    /// When it is not on the public internet, or more than the caps allow.
    pub async fn fetch(&self, url: &str, caps: Caps) -> Result<Fetched, Refused> {
        let fetching = fetch::follow(&*self.network, url, caps.bytes);
        tokio::time::timeout(caps.time, fetching).await.unwrap_or(Err(Refused::Slow(caps.time)))
    }
}
