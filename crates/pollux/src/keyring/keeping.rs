//! What the pool finds out, written down: dead keys, learned limits, what the day has taken.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use pool::{Change, Gauge, KeyId, Limits, Moment, ProjectId, Provenance, Scope, Tier, What};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Keyring;
use super::limits::KnownLimit;
use super::projects::word;
use super::ring::{News, Ring};
use super::roll::{DEAD, READY};
use super::tally::Tally;
use super::timeline::Chronicle;
use crate::store::record::KeyState;
use crate::store::{Store, StoreError};
use crate::telemetry::names;

/// How often the counts of the day are written.
const TALLY_EVERY: Duration = Duration::from_secs(30);

/// Writes down what the pool finds out, until the keyring is gone.
#[derive(Debug)]
pub struct Keeper {
    store: Arc<dyn Store>,
    ring: Arc<Ring>,
    changes: mpsc::Receiver<News>,
    chronicle: Chronicle,
    tally: Tally,
}

impl Keeper {
    pub(super) fn new(store: Arc<dyn Store>, ring: Arc<Ring>, changes: mpsc::Receiver<News>) -> Self {
        Self { store, ring, changes, chronicle: Chronicle::default(), tally: Tally::default() }
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
                biased;
                () = &mut shutdown => break,
                _ = tick.tick() => self.write_tally().await,
                news = self.changes.recv() => match news {
                    Some(news) => self.keep(news).await,
                    None => return,
                },
            }
        }
        while let Ok(news) = self.changes.try_recv() {
            self.keep(news).await;
        }
        self.write_tally().await;
    }

    async fn write_tally(&mut self) {
        let began = Instant::now();
        let written = self.tally.write(&self.ring, &*self.store).await;
        metrics::histogram!(names::STORE_SECONDS, "operation" => "tally").record(began.elapsed());
        if let Err(error) = written {
            tracing::warn!(%error, "the counts of the day were not written down");
        }
    }

    async fn keep(&mut self, News { changes, detail }: News) {
        let turns = self.chronicle.turns(&changes, &detail, &self.ring.roster());
        if let Err(error) = self.store.add_turns(&turns).await {
            tracing::warn!(%error, "a turn of a key was not written down");
        }
        for Change { at, what } in changes {
            let began = Instant::now();
            let written = self.keep_one(at, what).await;
            metrics::histogram!(names::STORE_SECONDS, "operation" => "change").record(began.elapsed());
            if let Err(error) = written {
                tracing::warn!(%error, "a change of the pool was not written down");
            }
        }
    }

    async fn keep_one(&self, at: Moment, what: What) -> Result<(), StoreError> {
        match what {
            What::Dead { scope: Scope::Key(key), reason } => self.keep_state(key, DEAD, &reason, at).await,
            What::Cleared { scope: Scope::Key(key) } => self.keep_state(key, READY, "", at).await,
            What::Learned { project, model, gauge, value } => {
                let Some(limit) = self.learned((project, model, gauge), value, at) else { return Ok(()) };
                self.store.put_limits(&[limit.into()]).await
            }
            What::Unlearned { project, model, gauge } => {
                let Some(limit) = self.learned((project, model, gauge), 0, at) else { return Ok(()) };
                self.store.replace_limits(&[limit.into()], &[]).await
            }
            What::Tier { project, tier } => self.keep_tier(project, tier, at).await,
            What::Dead { .. }
            | What::Cleared { .. }
            | What::Benched { .. }
            | What::Alias { .. }
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

    /// Google says what a project pays; that is worth more than what was declared.
    async fn keep_tier(&self, project: ProjectId, tier: Tier, at: Moment) -> Result<(), StoreError> {
        let Some(id) = self.ring.roster().project_id(project).cloned() else { return Ok(()) };
        let _one_at_a_time = self.ring.changing.lock().await;
        if self.ring.pool().tier(project) != Some(tier) {
            // An operator has said otherwise since.
            return Ok(());
        }
        let mut row = self.store.project(&id).await?;
        word(tier).clone_into(&mut row.tier);
        self.store.update_project(&row, at).await
    }

    fn learned(
        &self,
        (project, model, gauge): (ProjectId, String, Gauge),
        value: u64,
        at: Moment,
    ) -> Option<KnownLimit> {
        let project = Some(self.ring.roster().project_id(project)?.clone());
        Some(KnownLimit { project, model, gauge, value, provenance: Provenance::Learned { at }, since: at })
    }
}

impl Keyring {
    /// Brings back the limits that were declared or learned before.
    pub(super) async fn load_limits(&self) -> Result<(), StoreError> {
        // What is declared of a bucket is set as a whole.
        let mut declared: HashMap<(Option<ProjectId>, String), Limits> = HashMap::new();
        for limit in self.store.load_limits().await?.into_iter().filter_map(KnownLimit::read) {
            let KnownLimit { project, model, gauge, value, provenance, since: _ } = limit;
            let handle = project.as_ref().map(|id| self.ring.roster().project_by_id(id));
            let Some(project) = handle.map_or(Some(None), |handle| handle.map(Some)) else { continue };
            if provenance == Provenance::Declared {
                put(declared.entry((project, model)).or_default(), gauge, value);
            } else {
                let mut limits = Limits::default();
                put(&mut limits, gauge, value);
                self.ring.pool().set_limits(project, &model, limits, provenance);
            }
        }
        let now: HashSet<_> = declared.keys().cloned().collect();
        let before = std::mem::replace(&mut *self.ring.declared(), now);
        for (project, model) in before {
            // What another replica was told to forget.
            declared.entry((project, model)).or_default();
        }
        for ((project, model), limits) in declared {
            self.ring.pool().set_limits(project, &model, limits, Provenance::Declared);
        }
        Ok(())
    }
}

fn put(limits: &mut Limits, gauge: Gauge, value: u64) {
    let slot = match gauge {
        Gauge::Rpm => &mut limits.rpm,
        Gauge::Tpm => &mut limits.tpm,
        Gauge::Rpd => &mut limits.rpd,
        Gauge::Tpd => &mut limits.tpd,
    };
    *slot = Some(value);
}

pub(super) fn words(gauge: Gauge) -> (&'static str, &'static str) {
    match gauge {
        Gauge::Rpm => ("requests", "minute"),
        Gauge::Tpm => ("tokens", "minute"),
        Gauge::Rpd => ("requests", "day"),
        Gauge::Tpd => ("tokens", "day"),
    }
}

pub(super) fn gauge_of(measure: &str, window: &str) -> Option<Gauge> {
    Gauge::ALL.into_iter().find(|gauge| words(*gauge) == (measure, window))
}
