//! The simulator's clock: the real one, shifted or stopped at will.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the simulator reads the time.
#[derive(Debug)]
pub(crate) struct Clock {
    hands: Mutex<Hands>,
}

#[derive(Debug, Clone, Copy)]
enum Hands {
    Running { offset_ms: i64 },
    Frozen { at_ms: i64 },
}

impl Hands {
    fn now_ms(self) -> i64 {
        match self {
            Self::Running { offset_ms } => system_ms().saturating_add(offset_ms),
            Self::Frozen { at_ms } => at_ms,
        }
    }

    fn at(self, now_ms: i64) -> Self {
        match self {
            Self::Running { .. } => Self::Running { offset_ms: now_ms.saturating_sub(system_ms()) },
            Self::Frozen { .. } => Self::Frozen { at_ms: now_ms },
        }
    }
}

impl Clock {
    /// Starts at the given instant and stands still there, or follows the real time.
    pub(crate) fn new(start_ms: Option<i64>) -> Self {
        let hands = start_ms.map_or(Hands::Running { offset_ms: 0 }, |at_ms| Hands::Frozen { at_ms });
        Self { hands: Mutex::new(hands) }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.lock().now_ms()
    }

    pub(crate) fn is_frozen(&self) -> bool {
        matches!(*self.lock(), Hands::Frozen { .. })
    }

    pub(crate) fn advance(&self, by_ms: i64) {
        let mut hands = self.lock();
        *hands = hands.at(hands.now_ms().saturating_add(by_ms));
    }

    pub(crate) fn set(&self, now_ms: i64) {
        let mut hands = self.lock();
        *hands = hands.at(now_ms);
    }

    pub(crate) fn freeze(&self, frozen: bool) {
        let mut hands = self.lock();
        let at_ms = hands.now_ms();
        *hands = if frozen { Hands::Frozen { at_ms } } else { Hands::Running { offset_ms: 0 }.at(at_ms) };
    }

    fn lock(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the simulator meets the real time")]
fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_clock_moves_only_when_turned() {
        let clock = Clock::new(Some(1_000));
        assert_eq!(clock.now_ms(), 1_000);
        clock.advance(500);
        assert_eq!(clock.now_ms(), 1_500);
        clock.set(9);
        assert_eq!(clock.now_ms(), 9);
        clock.freeze(false);
        assert!(!clock.is_frozen() && clock.now_ms() >= 9);
    }
}
