//! Buckets in this process's memory. The pool of a single replica needs no second opinion, so nothing asks here but the
//! contract: this is what every other form is held to.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pool::fleet::{Claim, Ledger};

use crate::clock::Moment;
use crate::shared::{Correction, Reserved};

/// By project and model.
#[derive(Debug, Default)]
pub(super) struct Buckets(Mutex<HashMap<(String, String), Ledger>>);

impl Buckets {
    pub(super) fn reserve(&self, project: &str, claim: &Claim, now: Moment) -> Reserved {
        let mut buckets = self.lock();
        let ledger = buckets.entry((project.to_owned(), claim.model.clone())).or_default();
        let (mark, answer) = ledger.take(claim, now);
        Reserved { mark, answer }
    }

    pub(super) fn correct(&self, correction: &Correction<'_>) {
        let Correction { project, model, mark, day, was, is } = *correction;
        if let Some(ledger) = self.lock().get_mut(&(project.to_owned(), model.to_owned())) {
            ledger.correct(mark, day, (was, is));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Ledger>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
