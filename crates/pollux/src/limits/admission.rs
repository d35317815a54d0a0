//! A call that was let in, as a guard.

use std::sync::Arc;

use dialect::gemini::usage::Tokens;
use pool::account::{Held, Standing, Sum};

use super::Tariff;
use crate::shared::Shared;
use crate::store::record::UserId;
use crate::telemetry::names;

/// A call that was let in. Dropped without an end, all that was reserved for it stays spent.
#[derive(Debug)]
pub struct Admission {
    shared: Arc<dyn Shared>,
    user: UserId,
    held: Option<Held>,
    standing: Vec<Standing>,
    tariff: Tariff,
}

impl Admission {
    pub(super) fn new(
        shared: Arc<dyn Shared>,
        user: UserId,
        (held, standing): (Held, Vec<Standing>),
        tariff: Tariff,
    ) -> Self {
        Self { shared, user, held: Some(held), standing, tariff }
    }

    /// How the user stands with each of its limits, this call included.
    pub fn standing(&self) -> &[Standing] {
        &self.standing
    }

    /// The call used these tokens. Without a count it is taken for the most it might have used.
    pub fn settle(mut self, tokens: Option<&Tokens>) {
        if let Some(tokens) = tokens {
            let sum = self.tariff.sum(tokens);
            self.end(Some(sum));
        }
    }

    /// The call got no answer by its own fault: it counts as a request and takes no tokens.
    pub fn settle_refused(mut self) {
        self.end(Some(Sum { requests: 1, ..Sum::default() }));
    }

    /// The call got no answer, and its user cannot help it: it never was.
    pub fn give_back(mut self) {
        self.end(Some(Sum::default()));
    }

    fn end(&mut self, actual: Option<Sum>) {
        if let Some(held) = self.held.take() {
            self.shared.settle(self.user.as_str(), &held, actual);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.held.is_some() {
            metrics::counter!(names::ADMISSIONS_DROPPED).increment(1);
            self.end(None);
        }
    }
}
