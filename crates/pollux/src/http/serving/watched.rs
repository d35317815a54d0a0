//! A socket, a request's body and an answer's body that tell the connection's [`Pulse`] how they fare.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::pulse::{Open, Pulse};
use crate::http::body::TooSlow;

/// Slower than this for long, and a body counts as silent: a mobile connection at its worst is faster.
const SLOWEST_BYTES_PER_SECOND: u64 = 1_024;

/// A socket.
pub(super) struct Socket {
    inner: TcpStream,
    pulse: Arc<Pulse>,
}

impl Socket {
    pub(super) fn new(inner: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self { inner, pulse }
    }

    fn wrote<T>(&self, polled: Poll<T>) -> Poll<T> {
        self.pulse.wrote(Instant::now(), polled.is_ready());
        polled
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, into);
        if into.filled().len() > before {
            self.pulse.heard(Instant::now());
        }
        polled
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// The body of a request, which may not fall silent.
pub(super) struct Paced {
    inner: Incoming,
    patience: Duration,
    received: u64,
    /// When reading began, and the end of patience as it stands.
    clock: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Paced {
    pub(super) fn new(inner: Incoming, patience: Duration) -> Self {
        Self { inner, patience, received: 0, clock: None }
    }

    /// The end of patience: after silence, or after too little altogether.
    fn deadline(&self, began: Instant, now: Instant) -> Instant {
        let earned = Duration::from_secs(self.received / SLOWEST_BYTES_PER_SECOND);
        (now + self.patience).min(began + self.patience + earned)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
            self.received += data.map_or(0, |data| data.len() as u64);
            if let Some((began, _)) = self.clock {
                let deadline = self.deadline(began, Instant::now());
                if let Some((_, sleep)) = &mut self.clock {
                    sleep.as_mut().reset(deadline);
                }
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let patience = self.patience;
        let (_, sleep) = self.clock.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + patience)))
        });
        sleep.as_mut().poll(context).map(|()| Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer, with the request it ends.
pub(super) struct Told {
    inner: Body,
    open: Open,
}

impl Told {
    pub(super) fn new(inner: Body, open: Open) -> Self {
        Self { inner, open }
    }
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Whoever is asked for more has been rid of what it gave before.
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        let stuck = matches!(&polled, Poll::Ready(Some(Ok(_))));
        self.open.handed(Instant::now(), stuck);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
