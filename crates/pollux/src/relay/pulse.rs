//! Whether a model is well: a request that fails on two projects while others succeed is itself to blame
//! (`wire.md` §9.6, poison requests).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Moment;

/// A success this long ago still says that the model is well.
const RECENT_MS: i64 = 10_000;

/// When each model was last heard to answer. As many entries as models the catalogue lets through.
#[derive(Debug, Default)]
pub(super) struct Pulse(Mutex<HashMap<String, Moment>>);

impl Pulse {
    /// The model has answered a call.
    pub(super) fn beat(&self, model: &str, now: Moment) {
        let mut beats = self.lock();
        match beats.get_mut(model) {
            Some(last) => *last = now,
            None => drop(beats.insert(model.to_owned(), now)),
        }
    }

    /// Has it answered somebody a moment ago?
    pub(super) fn is_well(&self, model: &str, now: Moment) -> bool {
        self.lock().get(model).is_some_and(|last| now.since(*last) < RECENT_MS)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Moment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_well_for_a_moment_after_it_answered() {
        let pulse = Pulse::default();
        assert!(!pulse.is_well("m", Moment(0)));
        pulse.beat("m", Moment(1_000));
        assert!(pulse.is_well("m", Moment(1_000 + RECENT_MS - 1)));
        assert!(!pulse.is_well("m", Moment(1_000 + RECENT_MS)));
    }
}
