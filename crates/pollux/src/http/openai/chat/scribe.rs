//! Writes a streamed chat completion.

use dialect::gemini::response::GenerateContentResponse;
use dialect::openai::chat::stream::Encoder;
use dialect::openai::chat::{Encoding, Stamp};

use crate::access;
use crate::http::Gateway;
use crate::http::answer::Scribe;
use crate::http::calling;
use crate::http::failed::Failed;
use crate::relay::{Refusal, Served};

/// The encoder, and where what it remembers is kept.
pub(super) struct ChatScribe {
    gateway: Gateway,
    caller: access::Caller,
    encoder: Encoder,
}

impl ChatScribe {
    pub(super) fn new(gateway: Gateway, caller: access::Caller, encoding: Encoding, stamp: Stamp) -> Self {
        Self { gateway, caller, encoder: Encoder::new(encoding, stamp) }
    }
}

impl Scribe for ChatScribe {
    fn push(&mut self, event: &GenerateContentResponse, out: &mut Vec<u8>) {
        self.encoder.push(event, out);
    }

    fn next_hop(&mut self) {
        self.encoder.next_hop();
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.encoder.finish(out);
    }

    fn cut(&mut self, reason: &str, out: &mut Vec<u8>) {
        let failed = Failed::cut(reason);
        self.encoder.fail(&failed.error, out);
    }

    fn refuse(&mut self, refusal: &Refusal, out: &mut Vec<u8>) {
        let failed = Failed::from_refusal(refusal, self.gateway.clock.now());
        self.encoder.fail(&failed.error, out);
    }

    async fn keep(&mut self, served: &Served) {
        let remembered = self.encoder.remembered();
        calling::keep(&self.gateway, &self.caller, remembered, &served.project).await;
    }
}
