//! Which quota a 429 names (`wire.md` §9.2).

use std::time::Duration;

mod duration;
mod read;

/// What a quota 429 said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quota {
    /// Every violation, as far as it could be read.
    pub violations: Vec<Violation>,
    /// `RetryInfo.retryDelay`, or the delay in the message.
    pub retry_delay: Option<Duration>,
    /// The body says the project is on the free tier.
    pub free_tier: bool,
}

/// One violated quota.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Per minute or per day; unknown ids count as minute.
    pub window: Window,
    /// Requests or input tokens.
    pub measure: Measure,
    /// The limit, if named; `Some(0)` means not offered.
    pub limit: Option<u64>,
    /// The bucket's name, which may cover several model ids.
    pub model: Option<String>,
    /// Google's id, verbatim.
    pub quota_id: Option<String>,
}

/// How long a quota's window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names explain themselves")]
pub enum Window {
    Minute,
    Day,
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names explain themselves")]
pub enum Measure {
    Requests,
    InputTokens,
}

impl Quota {
    /// The window that decides how long to wait: a day beats a minute.
    pub fn window(&self) -> Window {
        self.violations.iter().map(|violation| violation.window).max().unwrap_or(Window::Minute)
    }

    /// Whether some violated quota is 0: the project is not offered the model at all, a retry delay means nothing.
    pub(super) fn is_not_offered(&self) -> bool {
        self.violations.iter().any(|violation| violation.limit == Some(0))
    }
}
