//! The ground under a connection: TCP, or a pipe that somebody in this process holds the other end of.

use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tower::{BoxError, Service};

use super::dial::Resolver;
use crate::telemetry::names;

/// Takes connections without a network. Simulations answer them as Google would, in the same process.
#[async_trait]
pub trait Pipes: Debug + Send + Sync {
    /// One end of a new pipe to this address, or why there is none.
    async fn open(&self, to: &Uri) -> io::Result<DuplexStream>;
}

/// Opens sockets.
#[derive(Clone)]
pub(super) enum Ground {
    Tcp(HttpConnector<Resolver>),
    Pipes(Arc<dyn Pipes>),
}

/// An open connection, of whichever kind.
pub(super) enum Socket {
    Tcp(TokioIo<TcpStream>, Open),
    Pipe(TokioIo<DuplexStream>),
}

/// A failed pipe is a failed connect, and no failed handshake as a bare io error would be.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct NoPipe(io::Error);

/// Counts a connection as long as it is open.
pub(super) struct Open(());

impl Open {
    fn count() -> Self {
        metrics::gauge!(names::UPSTREAM_CONNECTIONS).increment(1.0);
        Self(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!(names::UPSTREAM_CONNECTIONS).decrement(1.0);
    }
}

impl Service<Uri> for Ground {
    type Response = Socket;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Socket, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Tcp(tcp) => Poll::Ready(Ok(ready!(tcp.poll_ready(context))?)),
            Self::Pipes(_) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        match self {
            Self::Tcp(tcp) => {
                let opening = tcp.call(to);
                Box::pin(async move { Ok(Socket::Tcp(opening.await?, Open::count())) })
            }
            Self::Pipes(pipes) => {
                let pipes = Arc::clone(pipes);
                Box::pin(async move {
                    let pipe = pipes.open(&to).await.map_err(NoPipe)?;
                    Ok(Socket::Pipe(TokioIo::new(pipe)))
                })
            }
        }
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        match self {
            Self::Tcp(tcp, _) => tcp.connected(),
            Self::Pipe(_) => Connected::new(),
        }
    }
}

impl Read for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp, _) => Pin::new(tcp).poll_read(context, buffer),
            Self::Pipe(pipe) => Pin::new(pipe).poll_read(context, buffer),
        }
    }
}

impl Write for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp, _) => Pin::new(tcp).poll_write(context, bytes),
            Self::Pipe(pipe) => Pin::new(pipe).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp, _) => Pin::new(tcp).poll_flush(context),
            Self::Pipe(pipe) => Pin::new(pipe).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp, _) => Pin::new(tcp).poll_shutdown(context),
            Self::Pipe(pipe) => Pin::new(pipe).poll_shutdown(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(tcp, _) => tcp.is_write_vectored(),
            Self::Pipe(pipe) => pipe.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp, _) => Pin::new(tcp).poll_write_vectored(context, slices),
            Self::Pipe(pipe) => Pin::new(pipe).poll_write_vectored(context, slices),
        }
    }
}
