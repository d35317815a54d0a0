//! The simulator's clock: the real one, shifted or stopped at will.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where the simulator reads the time.
#[derive(Debug)]
pub(crate) struct Clock {
    hands: Mutex<Hands>,
}

#[derive(Debug, Clone, Copy)]
enum Hands {
    Running {
        offset_ms: i64,
    },
    Frozen {
        at_ms: i64,
    },
    /// As far from there as tokio's time has come since: tests pause that, and let it jump.
    Following {
        from_ms: i64,
        since: Instant,
    },
}

impl Hands {
    fn now_ms(self) -> i64 {
        match self {
            Self::Running { offset_ms } => system_ms().saturating_add(offset_ms),
            Self::Frozen { at_ms } => at_ms,
            Self::Following { from_ms, since } => {
                from_ms.saturating_add(i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    fn at(self, now_ms: i64) -> Self {
        match self {
            Self::Running { .. } => Self::Running { offset_ms: now_ms.saturating_sub(system_ms()) },
            Self::Frozen { .. } => Self::Frozen { at_ms: now_ms },
            Self::Following { .. } => Self::Following { from_ms: now_ms, since: Instant::now() },
        }
    }
}

impl Clock {
    /// Starts at the given instant and stands still there, or goes on as tokio's time does; without one it follows
    /// the real time.
    pub(crate) fn new(start_ms: Option<i64>, goes_on: bool) -> Self {
        let hands = match start_ms {
            None => Hands::Running { offset_ms: 0 },
            Some(from_ms) if goes_on => Hands::Following { from_ms, since: Instant::now() },
            Some(at_ms) => Hands::Frozen { at_ms },
        };
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_started_clock_moves_only_when_turned() {
        let clock = Clock::new(Some(1_000), false);
        assert_eq!(clock.now_ms(), 1_000);
        clock.advance(500);
        assert_eq!(clock.now_ms(), 1_500);
        clock.set(9);
        assert_eq!(clock.now_ms(), 9);
        clock.freeze(false);
        assert!(!clock.is_frozen() && clock.now_ms() >= 9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_goes_on_keeps_step_with_tokio() {
        let clock = Clock::new(Some(1_000), true);
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert_eq!(clock.now_ms(), 3_601_000);
        clock.advance(500);
        tokio::time::sleep(Duration::from_millis(7)).await;
        assert_eq!(clock.now_ms(), 3_601_507);
    }
}
