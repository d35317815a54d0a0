//! Writes a streamed message.

use dialect::anthropic::Encoding;
use dialect::anthropic::stream::{Encoder, PING};
use dialect::gemini::response::GenerateContentResponse;
use dialect::openai::chat::Stamp;

use super::error;
use crate::access;
use crate::http::answer::Scribe;
use crate::http::failed::Failed;
use crate::http::{Gateway, calling};
use crate::relay::{Refusal, Served};

/// The encoder, and where what it remembers is kept.
pub(super) struct MessageScribe {
    gateway: Gateway,
    caller: access::Caller,
    encoder: Encoder,
    request_id: Option<String>,
}

impl MessageScribe {
    pub(super) fn new(
        gateway: Gateway,
        caller: access::Caller,
        (encoding, stamp): (Encoding, Stamp),
        request_id: Option<&str>,
    ) -> Self {
        let request_id = request_id.map(str::to_owned);
        Self { gateway, caller, encoder: Encoder::new(encoding, stamp), request_id }
    }

    fn fail(&mut self, failed: &Failed, out: &mut Vec<u8>) {
        let envelope = error::say(failed, self.request_id.as_deref());
        self.encoder.fail(&envelope, out);
    }
}

impl Scribe for MessageScribe {
    fn heartbeat(&self) -> &'static [u8] {
        PING
    }

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
        self.fail(&Failed::cut(reason), out);
    }

    fn refuse(&mut self, refusal: &Refusal, out: &mut Vec<u8>) {
        let failed = Failed::from_refusal(refusal, self.gateway.clock.now());
        self.fail(&failed, out);
    }

    async fn keep(&mut self, served: &Served) {
        let remembered = self.encoder.remembered();
        calling::keep(&self.gateway, &self.caller, remembered, &served.project).await;
    }
}
