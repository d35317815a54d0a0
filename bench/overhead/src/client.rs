//! One connection that asks and reads.

use std::io;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::wire::Inbox;

/// A connection to a target.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    inbox: Inbox,
}

/// How an answer came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    /// Whether it was a 200.
    pub(crate) well: bool,
    /// When its first byte of content came.
    pub(crate) first: Option<Instant>,
    /// How many events it had.
    pub(crate) events: u64,
}

impl Client {
    /// Connects.
    pub(crate) async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, inbox: Inbox::default() })
    }

    /// Sends a request, written out already.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await
    }

    /// Reads the answer to its end.
    pub(crate) async fn receive(&mut self) -> io::Result<Came> {
        self.receive_with(|_| ()).await
    }

    /// The same, and `at_first` is called when content begins to come.
    pub(crate) async fn receive_with(&mut self, mut at_first: impl FnMut(&[u8])) -> io::Result<Came> {
        let Self { stream, inbox } = self;
        let head = inbox.head(stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut came = Came { well: head.first.contains(" 200 "), first: None, events: 0 };
        inbox
            .body(stream, head.length, |part| {
                if came.first.is_none() {
                    came.first = Some(Instant::now());
                    at_first(part);
                }
                came.events += events(part);
            })
            .await?;
        Ok(came)
    }

    /// Asks and reads.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Came> {
        self.send(request).await?;
        self.receive().await
    }
}

/// A request, written out.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Events that begin in this part; a part begins where a chunk or a read did, so none is counted twice.
fn events(part: &[u8]) -> u64 {
    let count = part.windows(6).filter(|window| window == b"data: ").count();
    u64::try_from(count).unwrap_or(u64::MAX)
}
