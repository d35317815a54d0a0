//! What a stream has used so far, and whether it ended as it should.

use dialect::gemini::response::GenerateContentResponse;
use dialect::gemini::usage::{Tokens, UsageTally};

use super::cost;
use super::stream::Step;

/// What a stream has used so far, and whether it ended as it should.
#[derive(Debug, Default)]
pub(super) struct Meter {
    tally: UsageTally,
    /// Tokens of what was said before Google counted anything, as estimated.
    uncounted: u64,
    counted: bool,
    finished: bool,
    blocked: bool,
}

impl Meter {
    /// Takes note of an event.
    pub(super) fn see(&mut self, event: &GenerateContentResponse) {
        self.blocked |= event.block_reason().is_some();
        self.finished |= event.candidates().iter().any(|candidate| candidate.finish().is_some());
        if let Some(usage) = &event.usage_metadata {
            self.counted = true;
            self.tally.see(usage);
        }
        if !self.counted {
            self.uncounted = self.uncounted.saturating_add(cost::output_tokens(event));
        }
    }

    /// The counts seen so far stay; those of the next request come on top.
    pub(super) fn begin_hop(&mut self) {
        self.tally.absorb_hop();
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished || self.blocked
    }

    /// Tokens so far, if Google has said anything about them.
    pub(super) fn tokens(&self) -> Option<Tokens> {
        self.counted.then(|| self.tally.tokens())
    }

    /// What was used, as far as can be told where Google counted nothing.
    pub(super) fn estimate(&self, input: u64) -> Tokens {
        cost::used(input, self.uncounted)
    }

    /// The body ended cleanly: is the answer complete?
    ///
    /// Only a finish reason or a block says so (`wire.md` §6.3, §7.6). Usage that adds up does not: the running counts
    /// of events in the middle of a stream add up just as well.
    pub(super) fn verdict(&self) -> Step {
        if self.is_finished() { Step::End } else { Step::Cut("truncated") }
    }
}
