//! Models that Google says do not exist: asked for again soon, they are refused without asking (`wire.md` §9.3, E17).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dialect::gemini::outcome::{Cause, Outcome};

use super::call::Refusal;
use crate::clock::Moment;

/// How long Google's word holds: a model may come out any minute.
const HOLDS_MS: i64 = 10 * 60_000;
/// Names kept at most; clients may make them up.
const MOST: usize = 256;

/// Models that Google says do not exist.
#[derive(Debug, Default)]
pub(super) struct Missing(Mutex<HashMap<String, (Outcome, Moment)>>);

impl Missing {
    /// Refuses a model that was missing a short while ago.
    pub(super) fn check(&self, model: &str, now: Moment) -> Result<(), Refusal> {
        match self.lock().get(model) {
            Some((outcome, until)) if now < *until => Err(Refusal::Request(Box::new(outcome.clone()))),
            _ => Ok(()),
        }
    }

    /// Takes note of how a call ended.
    pub(super) fn note(&self, model: &str, refusal: &Refusal, now: Moment) {
        let (Refusal::Request(outcome) | Refusal::Upstream(outcome)) = refusal else { return };
        if outcome.cause != Cause::ModelNotFound {
            return;
        }
        let mut models = self.lock();
        if models.len() >= MOST {
            models.retain(|_, (_, until)| now < *until);
        }
        if models.len() < MOST {
            models.insert(model.to_owned(), (Outcome::clone(outcome), Moment(now.0 + HOLDS_MS)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Outcome, Moment)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(cause: Cause) -> Refusal {
        let message = "models/x is not found".to_owned();
        Refusal::Upstream(Box::new(Outcome { cause, status: 404, rpc_status: None, message, consumer: None }))
    }

    #[test]
    fn a_missing_model_is_refused_for_a_while() {
        let missing = Missing::default();
        missing.note("x", &refusal(Cause::ModelNotFound), Moment(0));
        assert!(missing.check("x", Moment(HOLDS_MS - 1)).is_err());
        assert!(missing.check("x", Moment(HOLDS_MS)).is_ok());
        assert!(missing.check("y", Moment(0)).is_ok());
    }

    #[test]
    fn other_failures_leave_no_trace_and_names_are_bounded() {
        let missing = Missing::default();
        missing.note("x", &refusal(Cause::Internal), Moment(0));
        assert!(missing.check("x", Moment(0)).is_ok());
        for name in 0..2 * MOST {
            missing.note(&name.to_string(), &refusal(Cause::ModelNotFound), Moment(0));
        }
        assert_eq!(missing.lock().len(), MOST);
    }
}
