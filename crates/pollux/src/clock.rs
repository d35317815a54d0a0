//! What time it is: an argument everywhere, read from the system in this file only.
//!
//! Invariant: nothing else in the program reads the wall clock.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

pub use pool::Moment;

/// Something that knows what time it is.
pub trait Clock: Debug + Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn now(&self) -> Moment;
}

/// A moment as ISO 8601 in UTC: `2026-11-22T10:00:00.123Z`.
pub fn iso(moment: Moment) -> String {
    jiff::Timestamp::from_millisecond(moment.0).map_or_else(|_| moment.0.to_string(), |time| time.to_string())
}

/// The moment that ISO 8601 names, with an offset or in UTC.
pub fn of_iso(text: &str) -> Option<Moment> {
    text.parse::<jiff::Timestamp>().ok().map(|time| Moment(time.as_millisecond()))
}

/// The system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is told to move. For tests and the demo.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `at`.
    pub fn new(at: Moment) -> Self {
        Self(AtomicI64::new(at.0))
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Jumps to `at`.
    pub fn set(&self, at: Moment) {
        self.0.store(at.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}
