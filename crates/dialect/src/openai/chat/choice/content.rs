//! `content` as it grows.

use super::super::annotation::Ledger;
use super::super::fence::Fence;
use super::Sink;

/// The text of a choice: what the model says and what we put between.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) ledger: Ledger,
    fence: Fence,
    tail: Tail,
}

/// How the text ends, which decides whether a block needs a line of its own first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tail {
    #[default]
    Empty,
    Line,
    Middle,
    Block,
}

impl Content {
    /// The model says something.
    pub(super) fn say(&mut self, text: &str, json_mode: bool, sink: &mut impl Sink) {
        if json_mode {
            let text = self.fence.push(text).into_owned();
            self.write(&text, sink);
        } else {
            self.write(text, sink);
        }
    }

    /// The text ended: what the fence held back goes out.
    pub(super) fn release(&mut self, sink: &mut impl Sink) {
        let rest = self.fence.finish();
        self.write(&rest, sink);
    }

    /// A block of ours: an image, code, sources.
    pub(super) fn insert(&mut self, block: &str, sink: &mut impl Sink) {
        match self.tail {
            Tail::Empty => {}
            Tail::Line => self.ours("\n", sink),
            Tail::Middle | Tail::Block => self.ours("\n\n", sink),
        }
        self.ours(block, sink);
        self.tail = Tail::Block;
    }

    pub(super) fn is_begun(&self) -> bool {
        self.tail != Tail::Empty
    }

    fn write(&mut self, text: &str, sink: &mut impl Sink) {
        if text.is_empty() {
            return;
        }
        if self.tail == Tail::Block && !text.starts_with('\n') {
            self.ours("\n\n", sink);
        }
        self.ledger.text(text);
        self.tail = if text.ends_with('\n') { Tail::Line } else { Tail::Middle };
        sink.content(text);
    }

    fn ours(&mut self, text: &str, sink: &mut impl Sink) {
        self.ledger.insertion(text);
        sink.content(text);
    }
}
