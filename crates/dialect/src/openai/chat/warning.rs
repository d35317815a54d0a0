//! What an answer held that could not be passed on faithfully.

/// Something an operator may want to know of an answer; it does not fail the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Warning {
    /// The model said nothing at all.
    EmptyAnswer,
    /// A part of a kind we do not know was left out.
    UnknownPart,
    /// Further calls were dropped: the client asked for one at most.
    CallsDropped,
    /// A source's passage is not in the text.
    CitationNotFound,
}

impl Warning {
    /// The word for headers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmptyAnswer => "empty_upstream_response",
            Self::UnknownPart => "unknown_part",
            Self::CallsDropped => "tool_calls_dropped",
            Self::CitationNotFound => "citation_not_found",
        }
    }
}
