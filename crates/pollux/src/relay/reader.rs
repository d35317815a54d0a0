//! Upstream events out of an upstream body.

use dialect::gemini::event::{Event, parse_event};
use dialect::gemini::sse::Decoder;

use crate::upstream::{BodyError, Response};

/// Upstream events out of an upstream body.
#[derive(Debug)]
pub(super) struct Reader {
    response: Response,
    decoder: Decoder,
    /// The body has ended; what is left is in the decoder.
    drained: bool,
}

/// What was read.
#[derive(Debug)]
pub(super) enum Read {
    Event(Box<Event>),
    /// A frame that is no JSON, or no answer.
    Nonsense,
}

impl Reader {
    pub(super) fn new(response: Response) -> Self {
        Self { response, decoder: Decoder::new(), drained: false }
    }

    /// The next event that needs no waiting.
    pub(super) fn ready(&mut self) -> Option<Read> {
        let frame = match self.decoder.next() {
            Some(frame) => frame,
            None if self.drained => self.decoder.finish()?,
            None => return None,
        };
        Some(parse_event(frame.bytes()).map_or(Read::Nonsense, |event| Read::Event(Box::new(event))))
    }

    /// Reads once from the network; false at the end of the body. Safe to cancel.
    pub(super) async fn fill(&mut self) -> Result<bool, BodyError> {
        if self.drained {
            return Ok(false);
        }
        let Some(bytes) = self.response.chunk().await? else {
            self.drained = true;
            return Ok(true);
        };
        // Too large an event leaves the decoder with nothing to give: the stream reads as cut off.
        if let Err(error) = self.decoder.push(&bytes) {
            tracing::warn!(%error, "gave up on an upstream stream");
            self.drained = true;
        }
        Ok(true)
    }

    /// The next event, or none at the end of the body.
    pub(super) async fn next(&mut self) -> Result<Option<Read>, BodyError> {
        loop {
            if let Some(read) = self.ready() {
                return Ok(Some(read));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }
}
