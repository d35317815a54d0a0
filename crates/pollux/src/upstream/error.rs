//! What can go wrong on the way, told apart by what it proves.

use std::error::Error;
use std::{fmt, io};

/// Why there is no upstream to send to.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The extra certificates cannot be read.
    #[error("the extra root certificates: {0}")]
    Roots(String),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// Why no head of an answer came. The texts are for the log, not for clients.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The name was not found.
    #[error("name lookup failed: {0}")]
    Dns(String),
    /// Nobody listens, or no route leads there.
    #[error("connecting failed: {0}")]
    Connect(String),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Tls(String),
    /// The egress proxy did not let us through.
    #[error("the egress proxy refused: {detail}")]
    Proxy {
        /// The proxy's HTTP status, if it speaks HTTP and answered.
        status: Option<u16>,
        /// What it said.
        detail: String,
    },
    /// The connection was not ready in time.
    #[error("connecting took too long")]
    ConnectTimeout,
    /// Connected, but no answer in time.
    #[error("no first byte in time")]
    FirstByteTimeout,
    /// The whole exchange took too long.
    #[error("the exchange took too long")]
    TotalTimeout,
    /// The connection broke after the request went out.
    #[error("the connection broke: {0}")]
    Reset(String),
    /// The other side, or the connection, gave the request back unprocessed.
    #[error("the request was refused unprocessed: {0}")]
    Refused(String),
    /// What came is not HTTP.
    #[error("the answer is not valid HTTP: {0}")]
    BadResponse(String),
    /// The request itself cannot be sent; a fault of ours.
    #[error("the request cannot be sent: {0}")]
    Invalid(String),
}

impl SendError {
    /// Whether the network or the egress is to blame (`wire.md` §9.3, the network rows). Time-outs after connecting are
    /// not: Google may simply be slow.
    pub fn is_network(&self) -> bool {
        match self {
            Self::Dns(_)
            | Self::Connect(_)
            | Self::Tls(_)
            | Self::Proxy { .. }
            | Self::ConnectTimeout
            | Self::Reset(_)
            | Self::Refused(_)
            | Self::BadResponse(_) => true,
            Self::FirstByteTimeout | Self::TotalTimeout | Self::Invalid(_) => false,
        }
    }

    /// Whether Google certainly did nothing, so that even a call which must not run twice may be repeated.
    pub fn proves_not_executed(&self) -> bool {
        match self {
            Self::Dns(_)
            | Self::Connect(_)
            | Self::Tls(_)
            | Self::Proxy { .. }
            | Self::ConnectTimeout
            | Self::Refused(_)
            | Self::Invalid(_) => true,
            Self::FirstByteTimeout | Self::TotalTimeout | Self::Reset(_) | Self::BadResponse(_) => false,
        }
    }

    /// A short name for metrics and the request log.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Proxy { .. } => "proxy",
            Self::ConnectTimeout => "connect_timeout",
            Self::FirstByteTimeout => "first_byte_timeout",
            Self::TotalTimeout => "total_timeout",
            Self::Reset(_) => "reset",
            Self::Refused(_) => "refused",
            Self::BadResponse(_) => "bad_response",
            Self::Invalid(_) => "invalid",
        }
    }
}

/// Why the body of an answer ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The head came, the first byte of the body did not.
    #[error("no first byte in time")]
    FirstByteTimeout,
    /// The body fell silent.
    #[error("the answer fell silent")]
    IdleTimeout,
    /// The whole exchange took too long.
    #[error("the exchange took too long")]
    TotalTimeout,
    /// The connection broke in the middle.
    #[error("the connection broke: {0}")]
    Reset(String),
    /// What came is not HTTP.
    #[error("the answer is not valid HTTP: {0}")]
    BadResponse(String),
    /// More came than the caller is willing to hold.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// What the caller would have held.
        limit: usize,
    },
}

impl BodyError {
    /// Whether the network or the egress is to blame.
    pub fn is_network(&self) -> bool {
        match self {
            Self::Reset(_) | Self::BadResponse(_) => true,
            Self::FirstByteTimeout | Self::IdleTimeout | Self::TotalTimeout | Self::TooLarge { .. } => false,
        }
    }

    /// Never: the head had come, so Google was at work.
    pub fn proves_not_executed(&self) -> bool {
        false
    }

    /// A short name for metrics and the request log.
    pub fn label(&self) -> &'static str {
        match self {
            Self::FirstByteTimeout => "first_byte_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::TotalTimeout => "total_timeout",
            Self::Reset(_) => "reset",
            Self::BadResponse(_) => "bad_response",
            Self::TooLarge { .. } => "too_large",
        }
    }
}

/// What a failed request was.
pub(super) fn from_client(error: &hyper_util::client::legacy::Error) -> SendError {
    let detail = story(error);
    if let Some(known) = find::<SendError>(error) {
        return known.clone();
    }
    if error.is_connect() {
        return SendError::Connect(detail);
    }
    if find::<h2::Error>(error).is_some_and(unprocessed) {
        return SendError::Refused(detail);
    }
    match find::<hyper::Error>(error) {
        // hyper hands a request back as "canceled" only if it was never written.
        Some(cause) if cause.is_canceled() => SendError::Refused(detail),
        Some(cause) if is_garbage(cause) => SendError::BadResponse(detail),
        _ => SendError::Reset(detail),
    }
}

/// What broke a body.
pub(super) fn from_body(error: &hyper::Error) -> BodyError {
    let garbage = find::<io::Error>(error).is_some_and(|cause| cause.kind() == io::ErrorKind::InvalidInput);
    if is_garbage(error) || garbage {
        BodyError::BadResponse(story(error))
    } else {
        BodyError::Reset(story(error))
    }
}

fn is_garbage(error: &hyper::Error) -> bool {
    error.is_parse()
        || find::<h2::Error>(error).is_some_and(|cause| cause.reason() == Some(h2::Reason::PROTOCOL_ERROR))
}

/// HTTP/2 promises for two endings that the stream was not looked at (RFC 9113 §8.7): `REFUSED_STREAM`, and a graceful
/// GOAWAY that excludes it.
fn unprocessed(error: &h2::Error) -> bool {
    let graceful = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
    error.is_remote()
        && (graceful || (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)))
}

type Cause<'a> = &'a (dyn Error + 'static);

fn causes<'a>(error: Cause<'a>) -> impl Iterator<Item = Cause<'a>> {
    std::iter::successors(Some(error), |&error: &Cause<'a>| error.source())
}

pub(super) fn find<E: Error + 'static>(error: Cause<'_>) -> Option<&E> {
    causes(error).find_map(|cause| cause.downcast_ref::<E>())
}

/// An error and its causes in one line, each said once.
pub(super) fn story(error: Cause<'_>) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        let line = cause.to_string();
        if !text.contains(&line) {
            let gap = if text.is_empty() { "" } else { ": " };
            let _never = fmt::Write::write_fmt(&mut text, format_args!("{gap}{line}"));
        }
    }
    text
}
