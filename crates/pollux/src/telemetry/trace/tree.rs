//! The spans of one call.

use tokio::time::Instant;

use super::attribute;
use super::context::Parent;
use crate::clock::Moment;

/// Spans that one call may have: far more than the longest walk over the pool makes.
const MOST_SPANS: usize = 256;

/// Where a span stands in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanIx(usize);

impl SpanIx {
    /// The whole call.
    pub const ROOT: Self = Self(0);
}

/// Which side of a conversation a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neither.
    Internal,
    /// We answer.
    Server,
    /// We ask.
    Client,
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Flag(bool),
    Whole(i64),
    Real(f64),
    Texts(Vec<String>),
}

/// One span. Times are nanoseconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) start: u64,
    pub(super) end: Option<u64>,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) failed: bool,
}

/// The spans of one call.
#[derive(Clone, Debug)]
pub struct Tree {
    trace: u128,
    /// From which the ids of the spans are made.
    seed: u64,
    parent: Option<u64>,
    link: Option<Parent>,
    /// The wall clock at one moment, from which all times are counted: they agree with each other whatever happens to it.
    began: (u64, Instant),
    spans: Vec<Span>,
}

impl Tree {
    /// A tree without spans. The first to be opened is the root.
    pub(super) fn new(
        (trace, seed): (u128, u64),
        parent: Option<Parent>,
        link: Option<Parent>,
        (moment, instant): (Moment, Instant),
    ) -> Self {
        let began = u64::try_from(moment.0).unwrap_or(0).saturating_mul(1_000_000);
        let waited = nanos(instant.elapsed());
        Self {
            trace,
            seed,
            parent: parent.map(|parent| parent.span),
            link,
            began: (began.saturating_sub(waited), instant),
            spans: Vec::with_capacity(8),
        }
    }

    /// Begins a span; none if there are too many.
    pub(crate) fn open(&mut self, parent: Option<SpanIx>, name: String, kind: Kind) -> Option<SpanIx> {
        if self.spans.len() >= MOST_SPANS {
            return None;
        }
        let parent = match parent {
            Some(SpanIx(index)) => self.spans.get(index).map(|span| span.id),
            None => self.parent,
        };
        let number = self.spans.len() as u64 + 1;
        // Zero would be no id.
        let id = mix(self.seed.wrapping_add(number)).max(1);
        let start = self.now();
        let attributes = Vec::new();
        self.spans.push(Span { id, parent, name, kind, start, end: None, attributes, failed: false });
        Some(SpanIx(self.spans.len() - 1))
    }

    /// Ends a span.
    pub(crate) fn close(&mut self, SpanIx(index): SpanIx) {
        let now = self.now();
        if let Some(span) = self.spans.get_mut(index) {
            span.end.get_or_insert(now);
        }
    }

    /// Ends what has not ended.
    pub(crate) fn close_all(&mut self) {
        let now = self.now();
        for span in &mut self.spans {
            span.end.get_or_insert(now);
        }
    }

    /// Says something about a span.
    pub(crate) fn note(&mut self, SpanIx(index): SpanIx, name: &'static str, value: impl Into<Value>) {
        if let Some(span) = self.spans.get_mut(index) {
            span.attributes.push((name, value.into()));
        }
    }

    /// What the span is about went wrong.
    pub(crate) fn fail(&mut self, at: SpanIx, label: &'static str) {
        self.note(at, attribute::ERROR_TYPE, label);
        if let Some(span) = self.spans.get_mut(at.0) {
            span.failed = true;
        }
    }

    pub(super) fn trace(&self) -> u128 {
        self.trace
    }

    pub(super) fn link(&self) -> Option<Parent> {
        self.link
    }

    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    fn now(&self) -> u64 {
        let (began, instant) = self.began;
        began.saturating_add(nanos(instant.elapsed()))
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Spreads the bits of a number (the last steps of splitmix64).
fn mix(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}
