//! Hedging: when the first event is late, a second project is asked as well and the first to begin wins.
//!
//! Off by default: it costs a request of somebody's day. The loser is cancelled before the commit point, so nothing is
//! answered twice.

use tokio::time::timeout;

use super::attempt::Attempt;
use super::call::{Call, Wire};
use super::failure::Failure;
use super::journey::Journey;
use super::{Relay, note, wish};
use crate::keyring::{Lease, Settled, Wish};
use crate::telemetry::names;

/// A failure, and whether the lease that was there has been blamed for it already.
pub(super) struct Lost {
    pub(super) failure: Failure,
    pub(super) blamed: bool,
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Self {
        Self { failure, blamed: false }
    }
}

/// Who answered first.
pub(super) enum Won<T> {
    /// The attempt with the lease that was there.
    First(T),
    /// The hedge, with its own lease.
    Hedge(T, Box<Lease>),
}

impl Relay {
    /// One attempt, hedged if the settings say so and the first event is late.
    pub(super) async fn hedged<T, F>(
        &self,
        (call, wire): (&Call, &Wire),
        lease: &Lease,
        journey: &Journey,
        attempt: &F,
    ) -> Result<Won<T>, Lost>
    where
        F: AsyncFn(Attempt<'_>) -> Result<T, Failure>,
    {
        let mut first = Box::pin(attempt(self.attempt(call, wire, lease, journey)));
        let Some(after) = self.rooms.settings.now().hedge_after.filter(|_| call.streams_upstream()) else {
            return Ok(Won::First(first.await?));
        };
        if let Ok(answered) = timeout(after, &mut first).await {
            return Ok(Won::First(answered?));
        }
        let Some(other) = self.other(call, lease).await else { return Ok(Won::First(first.await?)) };
        metrics::counter!(names::HEDGES).increment(1);
        let mut hedge = Box::pin(attempt(self.attempt(call, wire, &other, journey)));
        let (first_done, answered) = tokio::select! {
            biased;
            answered = &mut first => (true, answered),
            answered = &mut hedge => (false, answered),
        };
        match (first_done, answered) {
            (true, Ok(value)) => {
                drop(hedge);
                other.settle(Settled::failed(true));
                Ok(Won::First(value))
            }
            (false, Ok(value)) => {
                drop(hedge);
                Ok(Won::Hedge(value, Box::new(other)))
            }
            (true, Err(failure)) => {
                note(call, &failure, lease);
                failure.blame(lease);
                match hedge.await {
                    Ok(value) => Ok(Won::Hedge(value, Box::new(other))),
                    Err(its_own) => {
                        lose(call, &its_own, other);
                        Err(Lost { failure, blamed: true })
                    }
                }
            }
            (false, Err(failure)) => {
                drop(hedge);
                lose(call, &failure, other);
                Ok(Won::First(first.await?))
            }
        }
    }

    /// Another project that has room at once.
    async fn other(&self, call: &Call, lease: &Lease) -> Option<Lease> {
        let avoid = [lease.project()];
        let wish = Wish { again: true, ..wish(call, &avoid) };
        let other = self.rooms.keyring.lease(&wish, self.rooms.clock.now()).await.ok()?;
        if other.project() == lease.project() {
            other.give_back();
            return None;
        }
        Some(other)
    }
}

/// The hedge failed: its own project is to blame, and nobody else.
fn lose(call: &Call, failure: &Failure, hedge: Lease) {
    note(call, failure, &hedge);
    failure.blame(&hedge);
    hedge.settle(Settled::failed(failure.was_counted()));
}
