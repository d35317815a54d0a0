//! An answer: its head at once, its body in pieces, each within its time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::error::{BodyError, from_body};
use super::{Deadlines, EgressId};

/// An answer whose head has come. Dropping it ends the exchange at once.
#[derive(Debug)]
pub struct Response {
    /// What Google thinks of the request.
    pub status: StatusCode,
    /// The head's fields.
    pub headers: HeaderMap,
    /// The protocol it came by.
    pub version: Version,
    /// The way out that was taken.
    pub egress: EgressId,
    /// How long things took.
    pub timings: Timings,
    body: Incoming,
    started: Instant,
    deadlines: Deadlines,
    silent: bool,
}

/// How long things took, from the start of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// Until the head was there, connecting included.
    pub head: Duration,
}

impl Response {
    pub(super) fn new(
        answer: http::Response<Incoming>,
        egress: EgressId,
        started: Instant,
        deadlines: Deadlines,
    ) -> Self {
        let (head, body) = answer.into_parts();
        let timings = Timings { head: started.elapsed() };
        let http::response::Parts { status, headers, version, .. } = head;
        Self { status, headers, version, egress, timings, body, started, deadlines, silent: true }
    }

    /// The next piece of the body, never empty; `None` at its proper end. May be cancelled and called again.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        let (until, verdict) = self.deadline();
        loop {
            match timeout_at(until, self.body.frame()).await {
                Err(_) => return Err(verdict),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(from_body(&error)),
                // Trailers and empty frames are no news.
                Ok(Some(Ok(frame))) => {
                    if let Some(data) = frame.into_data().ok().filter(|data| !data.is_empty()) {
                        self.silent = false;
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The whole body, if it has at most `limit` bytes.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, BodyError> {
        let announced = self.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > limit) {
            return Err(BodyError::TooLarge { limit });
        }
        let mut whole = BytesMut::with_capacity(announced.unwrap_or(0));
        while let Some(piece) = self.chunk().await? {
            if whole.len() + piece.len() > limit {
                return Err(BodyError::TooLarge { limit });
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// Until when the next piece must be there, and what it is called if it is not. Silence is measured while
    /// somebody waits, so that a slow client is not taken for a slow Google.
    fn deadline(&self) -> (Instant, BodyError) {
        let Deadlines { first_event, idle, total } = self.deadlines;
        let (piece, verdict) = if self.silent {
            (self.started + first_event, BodyError::FirstByteTimeout)
        } else {
            (Instant::now() + idle, BodyError::IdleTimeout)
        };
        let end = self.started + total;
        if end <= piece { (end, BodyError::TotalTimeout) } else { (piece, verdict) }
    }
}
