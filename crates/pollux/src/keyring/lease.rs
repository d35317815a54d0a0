//! A place in a project's bucket, as a guard.

use std::sync::Arc;

use dialect::gemini::outcome::Outcome;
use dialect::gemini::usage::Tokens;
use pool::fleet::Claim;
use pool::{Ask, Cost, Decision, Ending, ProjectId, Reservation, Tier};

use super::fleet::Claimed;
use super::ring::{Ring, Wish};
use super::roster::KeyEntry;
use crate::secret::Secret;
use crate::telemetry::names;

/// A place in a project's bucket. Dropped without [`settle`](Self::settle) it stays counted.
#[derive(Debug)]
pub struct Lease {
    ring: Arc<Ring>,
    key: Arc<KeyEntry>,
    reservation: Option<Reservation>,
    /// What the other replicas know of the reservation.
    pub(super) claimed: Option<Box<Claimed>>,
    decision: Decision,
    model: Box<str>,
    /// Input tokens as estimated, before calibration.
    estimated: u64,
    /// Paid projects only.
    paid_only: bool,
}

/// What became of a leased call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    tokens: Option<Tokens>,
    ending: Ending,
}

impl Settled {
    /// Google answered, to the end or until somebody hung up, and counted this much.
    pub fn answered(tokens: Option<Tokens>) -> Self {
        Self { tokens, ending: Ending::Success }
    }

    /// It failed; `counted` if Google may have counted it.
    pub fn failed(counted: bool) -> Self {
        let ending = if counted { Ending::FailedCounted } else { Ending::FailedNotCounted };
        Self { tokens: None, ending }
    }
}

impl Lease {
    pub(super) fn new(
        ring: Arc<Ring>,
        key: Arc<KeyEntry>,
        (reservation, decision): (Reservation, Decision),
        wish: &Wish<'_>,
    ) -> Self {
        let Wish { model, tokens: estimated, paid_only, .. } = *wish;
        let model = model.into();
        Self {
            ring,
            key,
            reservation: Some(reservation),
            claimed: None,
            decision,
            model,
            estimated,
            paid_only,
        }
    }

    /// Why it was this key.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The key itself.
    pub fn secret(&self) -> &Secret {
        &self.key.secret
    }

    /// The project's handle.
    pub fn project(&self) -> ProjectId {
        self.key.project
    }

    /// The project's id.
    pub fn project_name(&self) -> &str {
        self.key.project_id.as_str()
    }

    /// The key's id.
    pub fn key_name(&self) -> &str {
        self.key.id.as_str()
    }

    /// What it reserves, in the words that other replicas know.
    pub(super) fn claim(&self) -> Option<Claim> {
        let reservation = self.reservation.as_ref()?;
        self.ring.pool().claim(reservation, self.ring.now())
    }

    /// Corrects what was reserved to what was used.
    pub fn settle(mut self, settled: Settled) {
        let Some(reservation) = self.reservation.take() else { return };
        let now = self.ring.now();
        let Settled { tokens, ending } = settled;
        let input_tokens = tokens.map(|tokens| tokens.input);
        let mut pool = self.ring.pool();
        if let Some(actual) = input_tokens {
            pool.see_estimate(&self.model, self.estimated, actual, now);
        }
        let (reserved, actual) = (reservation.cost, pool::Settled { input_tokens, outcome: ending });
        let changes = pool.settle(reservation, actual, now);
        drop(pool);
        if let Some(claimed) = &self.claimed {
            self.ring.correct(&self.key.project_id, claimed, (reserved, actual.took(reserved)));
        }
        self.ring.announce(changes, String::new);
        self.ring.give_turns(&self.model);
    }

    /// Nothing was sent: the place is free again.
    pub fn give_back(self) {
        self.settle(Settled::failed(false));
    }

    /// Benches who is to blame for a failure.
    pub fn blame(&self, outcome: &Outcome) {
        self.ring.blame(&self.key, &self.model, outcome);
    }

    /// The same blame, for later or never.
    pub fn charge(&self, outcome: &Outcome) -> Charge {
        let (ring, key) = (Arc::clone(&self.ring), Arc::clone(&self.key));
        Charge { ring, key, model: self.model.clone(), outcome: outcome.clone() }
    }

    /// Another request of the same call on the same key; counted at once, for nobody settles it. None if the call is
    /// for paid projects only and this one is found not to be one any more.
    pub fn follow_on(&self) -> Option<Secret> {
        let now = self.ring.now();
        let cost = Cost { requests: 1, tokens: self.estimated };
        let ask = Ask { model: &self.model, cost, require: Some(self.key.project), ..Ask::default() };
        let mut pool = self.ring.pool();
        if self.paid_only && pool.tier(self.key.project) != Some(Tier::Paid) {
            return None;
        }
        if let Ok(reservation) = pool.take(&ask, now, self.ring.roll()).1 {
            let claim = pool.claim(&reservation, now);
            pool.abandon(reservation, now);
            drop(pool);
            if let Some(claim) = claim {
                self.ring.shared.count(self.key.project_id.as_str(), &claim);
            }
        }
        Some(self.key.secret.clone())
    }
}

/// A blame that hangs on how the call ends.
#[derive(Debug)]
pub struct Charge {
    ring: Arc<Ring>,
    key: Arc<KeyEntry>,
    model: Box<str>,
    outcome: Outcome,
}

impl Charge {
    /// Benches who is to blame.
    pub fn press(self) {
        self.ring.blame(&self.key, &self.model, &self.outcome);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            metrics::counter!(names::LEASES_DROPPED).increment(1);
            let now = self.ring.now();
            self.ring.pool().abandon(reservation, now);
        }
    }
}
