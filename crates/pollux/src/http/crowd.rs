//! How many calls there may be at once, and how much of their requests is held: room is refused before memory runs out.
//!
//! In two steps. When three quarters of the room are taken, only small requests come in, which leaves it to those that
//! need little; when all is taken, none does. A request larger than the whole room comes in when it is alone.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::body::NoRoom;
use super::doors::Doors;
use super::failed::Failed;
use super::gemini::Refused;
use super::layers::is_gemini;
use super::peer::{ClientAddress, neighbourhood};
use super::{Gateway, anthropic};
use crate::telemetry::names;

/// What is small when there is little room left.
const SMALL: usize = 256 << 10;
/// When it is worth trying again.
const SOON: Duration = Duration::from_secs(2);

/// The room for calls.
#[derive(Debug)]
pub(super) struct Crowd {
    calls: usize,
    bodies: usize,
    per_address: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    calls: usize,
    bytes: usize,
    of: HashMap<IpAddr, usize>,
}

/// Why a call does not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are as many as there may be.
    Calls,
    /// What is held of their requests is as much as there may be.
    Bodies,
    /// It is not small, and there is little room left.
    Nearly,
    /// Its address has as many as it may have.
    Address,
}

/// A call that is inside, as a guard.
#[derive(Debug)]
pub(super) struct Stay {
    crowd: Arc<Crowd>,
    bytes: usize,
    of: Option<IpAddr>,
}

impl Crowd {
    pub(super) fn new(doors: &Doors) -> Self {
        let Doors { calls, bodies, per_address, .. } = *doors;
        Self { calls, bodies, per_address, inside: Mutex::default() }
    }

    /// Lets in a call that says it is so many bytes long.
    pub(super) fn enter(
        self: &Arc<Self>,
        declared: Option<usize>,
        from: Option<IpAddr>,
    ) -> Result<Stay, Full> {
        let of = from.and_then(neighbourhood);
        let mut inside = self.inside();
        if inside.calls >= self.calls {
            return Err(Full::Calls);
        }
        let small = declared.is_some_and(|bytes| bytes <= SMALL);
        if !small && nearly(inside.calls, self.calls) {
            return Err(Full::Nearly);
        }
        if of.and_then(|of| inside.of.get(&of)).is_some_and(|count| *count >= self.per_address) {
            return Err(Full::Address);
        }
        let bytes = declared.unwrap_or(0);
        self.hold(&mut inside, bytes)?;
        inside.calls += 1;
        if let Some(of) = of {
            *inside.of.entry(of).or_default() += 1;
        }
        drop(inside);
        Ok(Stay { crowd: Arc::clone(self), bytes, of })
    }

    /// Room for so many bytes more.
    fn hold(&self, inside: &mut Inside, bytes: usize) -> Result<(), Full> {
        let after = inside.bytes.saturating_add(bytes);
        if inside.bytes > 0 && after > self.bodies {
            return Err(Full::Bodies);
        }
        if inside.bytes > 0 && bytes > SMALL && nearly(after, self.bodies) {
            return Err(Full::Nearly);
        }
        inside.bytes = after;
        Ok(())
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nearly(taken: usize, room: usize) -> bool {
    taken >= room - room / 4
}

impl Stay {
    /// More came than was said.
    fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let mut inside = self.crowd.inside();
        // What it has itself is no reason to refuse it the rest.
        if inside.bytes > self.bytes && inside.bytes.saturating_add(bytes) > self.crowd.bodies {
            return Err(Full::Bodies);
        }
        inside.bytes = inside.bytes.saturating_add(bytes);
        drop(inside);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside();
        inside.calls -= 1;
        inside.bytes -= self.bytes;
        if let Some(of) = self.of
            && let Some(count) = inside.of.get_mut(&of)
        {
            *count -= 1;
            if *count == 0 {
                inside.of.remove(&of);
            }
        }
    }
}

/// Lets a call in, and holds its place until the last byte of its answer; others pass.
pub(super) async fn admit(gateway: Gateway, crowd: Arc<Crowd>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || !request.uri().path().starts_with("/v1") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let declared = length.and_then(|text| text.parse().ok()).or_else(|| body.is_end_stream().then_some(0));
    // Longer than is taken at all: its refusal needs no room.
    let declared = declared.map(|bytes: usize| if bytes > gateway.fixed.max_body { 0 } else { bytes });
    let ClientAddress(from) = ClientAddress::of(&parts, &gateway.fixed.trusted_proxies);
    let stay = match crowd.enter(declared, from.filter(|from| !gateway.fixed.trusted_proxies.has(*from))) {
        Ok(stay) => Arc::new(Mutex::new(stay)),
        Err(full) => return refuse(full, &parts),
    };
    let body = match declared {
        Some(_) => body,
        None => Body::new(Counted { inner: body, stay: Arc::clone(&stay) }),
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    response.map(|inner| Body::new(Held { inner, _stay: stay }))
}

/// A refusal in the words of the surface that was called.
fn refuse(full: Full, parts: &http::request::Parts) -> Response {
    let reason = match full {
        Full::Calls => "calls",
        Full::Bodies => "bodies",
        Full::Nearly => "large",
        Full::Address => "calls_of_address",
    };
    metrics::counter!(names::TURNED_AWAY, "reason" => reason).increment(1);
    let failed = failed(full);
    if is_gemini(parts.uri.path()) {
        return Refused(failed).into_response();
    }
    if parts.uri.path().starts_with("/v1/messages") {
        return anthropic::refuse(&failed, &parts.headers);
    }
    failed.into_response()
}

fn failed(full: Full) -> Failed {
    let overloaded =
        |message: &str| Failed::new(503, "server_error", "overloaded", message.to_owned()).after(SOON);
    match full {
        Full::Calls => overloaded(
            "The gateway has as many calls under way as it takes (max_calls). Try again in a moment.",
        ),
        Full::Bodies => overloaded(
            "The gateway holds as much of requests as it takes (max_bodies_mb). Try again in a moment.",
        ),
        Full::Nearly => overloaded(
            "The gateway is nearly full and takes small requests only. Try again in a moment, or send files in the \
             place of long inline data.",
        ),
        Full::Address => {
            let message =
                "Too many calls of your address are under way at once. Let some end before you begin more.";
            Failed::new(429, "rate_limit_error", "too_many_connections", message.to_owned()).after(SOON)
        }
    }
}

/// A body of unknown length.
struct Counted {
    inner: Body,
    stay: Arc<Mutex<Stay>>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let came = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
        if let Some(came) = came
            && self.stay.lock().unwrap_or_else(PoisonError::into_inner).grow(came.len()).is_err()
        {
            return Poll::Ready(Some(Err(NoRoom.into())));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer whose call is inside until its end.
struct Held {
    inner: Body,
    _stay: Arc<Mutex<Stay>>,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(calls: usize, bodies: usize) -> Arc<Crowd> {
        Arc::new(Crowd { calls, bodies, per_address: 2, inside: Mutex::default() })
    }

    #[test]
    fn large_ones_are_refused_first_and_small_ones_when_all_is_taken() {
        let crowd = crowd(100, 8 << 20);
        let _first = crowd.enter(Some(5 << 20), None).unwrap();
        assert_eq!(crowd.enter(Some(2 << 20), None).unwrap_err(), Full::Nearly);
        let mut small = Vec::new();
        let full = loop {
            match crowd.enter(Some(SMALL), None) {
                Ok(stay) => small.push(stay),
                Err(full) => break full,
            }
        };
        assert_eq!((full, small.len()), (Full::Bodies, 12));
        drop(small);
        assert!(crowd.enter(Some(SMALL), None).is_ok());
    }

    #[test]
    fn calls_are_counted_and_given_back() {
        let crowd = crowd(4, usize::MAX);
        let three: Vec<_> = (0..3).map(|_| crowd.enter(Some(1), None).unwrap()).collect();
        assert_eq!(crowd.enter(None, None).unwrap_err(), Full::Nearly, "nobody knows how long it will be");
        let fourth = crowd.enter(Some(1), None).unwrap();
        assert_eq!(crowd.enter(Some(1), None).unwrap_err(), Full::Calls);
        drop((three, fourth));
        let inside = crowd.inside();
        assert_eq!((inside.calls, inside.bytes, inside.of.len()), (0, 0, 0));
    }

    #[test]
    fn one_alone_may_be_larger_than_the_room() {
        let crowd = crowd(10, 1_000);
        let mut alone = crowd.enter(Some(5_000), None).unwrap();
        assert!(alone.grow(5_000).is_ok());
        assert_eq!(crowd.enter(Some(1), None).unwrap_err(), Full::Bodies);
        drop(alone);
        let _other = crowd.enter(Some(600), None).unwrap();
        let mut growing = crowd.enter(None, None).unwrap();
        assert_eq!(growing.grow(600).unwrap_err(), Full::Bodies);
    }

    #[test]
    fn an_address_has_its_share() {
        let crowd = crowd(100, usize::MAX);
        let from = |last: u8| Some(IpAddr::from([203, 0, 113, last]));
        let held = [crowd.enter(Some(1), from(1)).unwrap(), crowd.enter(Some(1), from(1)).unwrap()];
        assert_eq!(crowd.enter(Some(1), from(1)).unwrap_err(), Full::Address);
        assert!(crowd.enter(Some(1), from(2)).is_ok());
        drop(held);
        assert!(crowd.enter(Some(1), from(1)).is_ok());
    }
}
