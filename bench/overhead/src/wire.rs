//! Just enough HTTP/1.1 to send a request and read an answer, so that the bench hardly costs anything itself.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is read at once.
const READ: usize = 64 << 10;

/// A connection's bytes that have come and are not used yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    from: usize,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// So many bytes.
    Known(usize),
    /// As its chunks say.
    Chunked,
}

/// The first line of a message, and how long its body is.
#[derive(Debug)]
pub(crate) struct Head {
    /// The first line.
    pub(crate) first: String,
    /// The length of the body.
    pub(crate) length: Length,
}

impl Inbox {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.from..).unwrap_or_default()
    }

    fn take(&mut self, count: usize) {
        self.from += count;
        if self.from >= self.bytes.len() {
            self.bytes.clear();
            self.from = 0;
        }
    }

    async fn more<R: AsyncRead + Unpin>(&mut self, from: &mut R) -> io::Result<usize> {
        if self.from > 0 {
            self.bytes.drain(..self.from);
            self.from = 0;
        }
        self.bytes.reserve(READ);
        from.read_buf(&mut self.bytes).await
    }

    /// The head of the next message; none when the connection ended between two.
    pub(crate) async fn head<R: AsyncRead + Unpin>(&mut self, from: &mut R) -> io::Result<Option<Head>> {
        let mut seen = 0;
        loop {
            let rest = self.rest();
            if let Some(end) = find(rest, b"\r\n\r\n", seen) {
                let head = read_head(rest.get(..end).unwrap_or_default());
                self.take(end + 4);
                return head.map(Some);
            }
            seen = rest.len().saturating_sub(3);
            let empty = rest.is_empty();
            if self.more(from).await? == 0 {
                return if empty { Ok(None) } else { Err(cut()) };
            }
        }
    }

    /// Reads a body and lets go of it, but for what `look` sees of it.
    pub(crate) async fn body<R: AsyncRead + Unpin>(
        &mut self,
        from: &mut R,
        length: Length,
        mut look: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        match length {
            Length::Known(bytes) => self.skip(from, bytes, &mut look).await,
            Length::Chunked => loop {
                let size = self.chunk_size(from).await?;
                self.skip(from, size, &mut look).await?;
                self.skip(from, 2, &mut |_| ()).await?;
                if size == 0 {
                    return Ok(());
                }
            },
        }
    }

    async fn skip<R: AsyncRead + Unpin>(
        &mut self,
        from: &mut R,
        mut bytes: usize,
        look: &mut impl FnMut(&[u8]),
    ) -> io::Result<()> {
        loop {
            let here = self.rest().len().min(bytes);
            if here > 0 {
                look(self.rest().get(..here).unwrap_or_default());
            }
            self.take(here);
            bytes -= here;
            if bytes == 0 {
                return Ok(());
            }
            if self.more(from).await? == 0 {
                return Err(cut());
            }
        }
    }

    async fn chunk_size<R: AsyncRead + Unpin>(&mut self, from: &mut R) -> io::Result<usize> {
        loop {
            if let Some(end) = find(self.rest(), b"\r\n", 0) {
                let line = String::from_utf8_lossy(self.rest().get(..end).unwrap_or_default()).into_owned();
                self.take(end + 2);
                let size = line.split(';').next().unwrap_or_default().trim();
                return usize::from_str_radix(size, 16).map_err(|_| odd("a chunk without a size"));
            }
            if self.more(from).await? == 0 {
                return Err(cut());
            }
        }
    }
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| at + from)
}

fn read_head(bytes: &[u8]) -> io::Result<Head> {
    let text = std::str::from_utf8(bytes).map_err(|_| odd("a head that is no text"))?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let mut length = Length::Known(0);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = Length::Known(value.trim().parse().map_err(|_| odd("a length that is no number"))?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            length = Length::Chunked;
        }
    }
    Ok(Head { first, length })
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended within a message")
}

fn odd(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &[u8]) -> io::Result<(String, Vec<u8>)> {
        let mut from = text;
        let mut inbox = Inbox::default();
        let head = inbox.head(&mut from).await?.ok_or_else(cut)?;
        let mut body = Vec::new();
        inbox.body(&mut from, head.length, |part| body.extend_from_slice(part)).await?;
        Ok((head.first, body))
    }

    #[tokio::test]
    async fn bodies_of_known_length_and_in_chunks() {
        let known = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await.unwrap();
        assert_eq!(known, ("HTTP/1.1 200 OK".to_owned(), b"hello".to_vec()));
        let chunked =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
        assert_eq!(read(chunked).await.unwrap().1, b"hello");
    }

    #[tokio::test]
    async fn what_is_cut_short_is_an_error() {
        for text in [
            &b"HTTP/1.1 200 OK\r\nContent-Le"[..],
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n",
        ] {
            assert_eq!(read(text).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
