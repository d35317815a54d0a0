//! What the pool finds out, written down: dead keys, learned limits, what the day has taken.

use std::sync::Arc;
use std::time::Duration;

use pool::{Change, Gauge, KeyId, Limits, Moment, ProjectId, Provenance, Scope, What};
use tokio::sync::mpsc;

use super::Keyring;
use super::ring::Ring;
use super::roll::{DEAD, READY};
use super::tally::Tally;
use crate::store::record::{KeyState, Limit};
use crate::store::{Store, StoreError};

/// Who says so, as it is stored.
const GOOGLE: &str = "google";

/// How often the counts of the day are written.
const TALLY_EVERY: Duration = Duration::from_secs(30);

/// Writes down what the pool finds out, until the keyring is gone.
#[derive(Debug)]
pub struct Keeper {
    store: Arc<dyn Store>,
    ring: Arc<Ring>,
    changes: mpsc::Receiver<Vec<Change>>,
    tally: Tally,
}

impl Keeper {
    pub(super) fn new(store: Arc<dyn Store>, ring: Arc<Ring>, changes: mpsc::Receiver<Vec<Change>>) -> Self {
        Self { store, ring, changes, tally: Tally::default() }
    }

    /// With the counts that the store has already.
    pub(super) fn with(self, tally: Tally) -> Self {
        Self { tally, ..self }
    }

    /// Runs until `shutdown` resolves and what was waiting is written.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let mut tick = tokio::time::interval(TALLY_EVERY);
        loop {
            tokio::select! {
                changes = self.changes.recv() => match changes {
                    Some(changes) => self.keep(changes).await,
                    None => return,
                },
                _ = tick.tick() => self.write_tally().await,
                () = &mut shutdown => break,
            }
        }
        while let Ok(changes) = self.changes.try_recv() {
            self.keep(changes).await;
        }
        self.write_tally().await;
    }

    async fn write_tally(&mut self) {
        if let Err(error) = self.tally.write(&self.ring, &*self.store).await {
            tracing::warn!(%error, "the counts of the day were not written down");
        }
    }

    async fn keep(&self, changes: Vec<Change>) {
        for Change { at, what } in changes {
            if let Err(error) = self.keep_one(at, what).await {
                tracing::warn!(%error, "a change of the pool was not written down");
            }
        }
    }

    async fn keep_one(&self, at: Moment, what: What) -> Result<(), StoreError> {
        match what {
            What::Dead { scope: Scope::Key(key), reason } => self.keep_state(key, DEAD, &reason, at).await,
            What::Cleared { scope: Scope::Key(key) } => self.keep_state(key, READY, "", at).await,
            What::Learned { project, model, gauge, value } => {
                self.keep_limit((project, model, gauge), value, at).await
            }
            What::Dead { .. }
            | What::Cleared { .. }
            | What::Benched { .. }
            | What::Unlearned { .. }
            | What::Alias { .. }
            | What::Tier { .. }
            | What::Incident { .. } => Ok(()),
        }
    }

    async fn keep_state(
        &self,
        key: KeyId,
        name: &str,
        reason: &str,
        since: Moment,
    ) -> Result<(), StoreError> {
        let Some(id) = self.ring.roster().key(key).map(|entry| entry.id.clone()) else { return Ok(()) };
        let state = KeyState { name: name.to_owned(), reason: reason.to_owned(), since };
        match self.store.set_key_state(&id, &state, since).await {
            // Deleted meanwhile.
            Err(StoreError::Missing { .. }) => Ok(()),
            result => result,
        }
    }

    async fn keep_limit(
        &self,
        (project, model, gauge): (ProjectId, String, Gauge),
        value: u64,
        learned_at: Moment,
    ) -> Result<(), StoreError> {
        let Some(project) = self.ring.roster().project_id(project).cloned() else { return Ok(()) };
        let (measure, window) = words(gauge);
        let limit = Limit {
            project,
            model,
            measure: measure.to_owned(),
            window: window.to_owned(),
            value: i64::try_from(value).unwrap_or(i64::MAX),
            provenance: GOOGLE.to_owned(),
            learned_at,
        };
        self.store.put_limits(&[limit]).await
    }
}

impl Keyring {
    /// Brings back the limits that were learned before.
    pub(super) async fn load_limits(&self) -> Result<(), StoreError> {
        for limit in self.store.load_limits().await? {
            let Some(gauge) = gauge(&limit.measure, &limit.window) else { continue };
            let Some(project) = self.ring.roster().project_by_id(&limit.project) else { continue };
            let value = u64::try_from(limit.value).ok();
            let provenance = match limit.provenance.as_str() {
                GOOGLE => Provenance::Learned { at: limit.learned_at },
                _ => Provenance::Declared,
            };
            self.ring.pool().set_limits(Some(project), &limit.model, only(gauge, value), provenance);
        }
        Ok(())
    }
}

fn only(gauge: Gauge, value: Option<u64>) -> Limits {
    let none = Limits::default();
    match gauge {
        Gauge::Rpm => Limits { rpm: value, ..none },
        Gauge::Tpm => Limits { tpm: value, ..none },
        Gauge::Rpd => Limits { rpd: value, ..none },
        Gauge::Tpd => Limits { tpd: value, ..none },
    }
}

fn words(gauge: Gauge) -> (&'static str, &'static str) {
    match gauge {
        Gauge::Rpm => ("requests", "minute"),
        Gauge::Tpm => ("tokens", "minute"),
        Gauge::Rpd => ("requests", "day"),
        Gauge::Tpd => ("tokens", "day"),
    }
}

fn gauge(measure: &str, window: &str) -> Option<Gauge> {
    Gauge::ALL.into_iter().find(|gauge| words(*gauge) == (measure, window))
}
