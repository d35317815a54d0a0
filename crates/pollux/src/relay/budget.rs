//! How much of the live load may be retries (`DESIGN.md` §3; the rule is Envoy's retry budget).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// At most a fifth of the calls in flight may be retrying, but three always may.
#[derive(Clone, Debug, Default)]
pub(super) struct RetryBudget(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU32,
    retrying: AtomicU32,
}

const FLOOR: u32 = 3;
const SHARE: u32 = 5;

/// One call in flight; it is over when this is dropped.
#[derive(Debug)]
pub(super) struct InFlight {
    counts: Arc<Counts>,
    retrying: bool,
}

impl RetryBudget {
    /// A call begins.
    pub(super) fn begin(&self) -> InFlight {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        InFlight { counts: Arc::clone(&self.0), retrying: false }
    }
}

impl InFlight {
    /// May this call be tried again? Once it may, it stays counted as retrying until it is over.
    pub(super) fn may_retry(&mut self) -> bool {
        if self.retrying {
            return true;
        }
        let most = FLOOR.max(self.counts.calls.load(Ordering::Relaxed) / SHARE);
        let taken = self.counts.retrying.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |retrying| {
            (retrying < most).then_some(retrying + 1)
        });
        self.retrying = taken.is_ok();
        self.retrying
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.counts.calls.fetch_sub(1, Ordering::Relaxed);
        if self.retrying {
            self.counts.retrying.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_calls_may_retry_and_three_always() {
        let budget = RetryBudget::default();
        let mut few: Vec<_> = (0..4).map(|_| budget.begin()).collect();
        assert_eq!(few.iter_mut().filter_map(|call| call.may_retry().then_some(())).count(), 3);
        let mut many: Vec<_> = (0..96).map(|_| budget.begin()).collect();
        assert_eq!(many.iter_mut().filter_map(|call| call.may_retry().then_some(())).count(), 17);
    }

    #[test]
    fn what_is_over_gives_its_place_back() {
        let budget = RetryBudget::default();
        for _ in 0..10 {
            let mut calls: Vec<_> = (0..3).map(|_| budget.begin()).collect();
            assert!(calls.iter_mut().all(InFlight::may_retry));
        }
    }
}
