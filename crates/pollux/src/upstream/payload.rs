//! What is sent as a body: pieces that follow each other, none of them copied.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// What is sent as a body. Clones share the bytes.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    first: Bytes,
    rest: vec::IntoIter<Bytes>,
}

impl Payload {
    /// Bytes of all pieces.
    pub fn len(&self) -> usize {
        self.first.len() + self.rest.as_slice().iter().map(Bytes::len).sum::<usize>()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Bytes> for Payload {
    fn from(first: Bytes) -> Self {
        Self { first, rest: vec::IntoIter::default() }
    }
}

impl From<Vec<Bytes>> for Payload {
    fn from(pieces: Vec<Bytes>) -> Self {
        Self { first: Bytes::new(), rest: pieces.into_iter() }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let first = std::mem::take(&mut self.first);
        let piece = if first.is_empty() { self.rest.find(|piece| !piece.is_empty()) } else { Some(first) };
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn pieces_follow_each_other_and_empty_ones_are_no_frames() {
        let pieces = ["", "ab", "", "c", ""].map(|text| Bytes::from_static(text.as_bytes()));
        let mut payload = Payload::from(pieces.to_vec());
        assert_eq!((payload.len(), payload.size_hint().exact()), (3, Some(3)));
        let mut frames = Vec::new();
        while let Some(frame) = payload.frame().await {
            frames.push(frame.unwrap().into_data().unwrap());
        }
        assert_eq!(frames, ["ab", "c"]);
        assert!(Payload::default().is_end_stream() && payload.is_end_stream());
    }
}
