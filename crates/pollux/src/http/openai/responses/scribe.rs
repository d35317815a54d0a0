//! Writes a streamed response.

use dialect::gemini::response::GenerateContentResponse;
use dialect::openai::responses::Encoding;
use dialect::openai::responses::stream::Encoder;

use crate::access;
use crate::http::answer::Scribe;
use crate::http::failed::Failed;
use crate::http::{Gateway, calling};
use crate::relay::{Refusal, Served};

/// The encoder, and where what it remembers is kept.
pub(super) struct ResponseScribe {
    gateway: Gateway,
    caller: access::Caller,
    encoder: Encoder,
}

impl ResponseScribe {
    pub(super) fn new(gateway: Gateway, caller: access::Caller, encoding: Encoding) -> Self {
        let encoder = Encoder::new(encoding, calling::stamp(&gateway));
        Self { gateway, caller, encoder }
    }
}

impl Scribe for ResponseScribe {
    fn push(&mut self, event: &GenerateContentResponse, out: &mut Vec<u8>) {
        self.encoder.push(event, out);
    }

    fn next_hop(&mut self) {
        self.encoder.next_hop();
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.encoder.finish(calling::stamp(&self.gateway).created, out);
    }

    fn cut(&mut self, reason: &str, out: &mut Vec<u8>) {
        self.encoder.fail(&Failed::cut(reason).error, out);
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
