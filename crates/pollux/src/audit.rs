//! What operators did: who, when, from where, to what, and what was different afterwards.
//!
//! Invariant: nothing that looks like a secret is ever written here, and no act that changed something goes unwritten:
//! what the store does not take now waits in memory and in the log.

mod change;

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::id;
use crate::store::record::{AuditFilter, AuditRow};
use crate::store::{PAGE, Store, StoreError};

pub use change::Change;

/// Acts that may wait for a store that is away. Beyond them, the log alone has them.
const WAITING: usize = 10_000;

/// Acts that are written in one go.
const AT_ONCE: usize = 500;

/// Something that an operator did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deed {
    /// Who, by name.
    pub operator: String,
    /// How it was recognised.
    pub via: &'static str,
    /// From where.
    pub address: Option<IpAddr>,
    /// What, as method and route.
    pub action: String,
    /// To what: an id or a name.
    pub object: String,
    /// How it ended, as an HTTP status.
    pub status: u16,
    /// What was different afterwards.
    pub change: Change,
}

/// The book of deeds.
#[derive(Debug)]
pub struct Audit {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keep: Duration,
    waiting: Mutex<VecDeque<AuditRow>>,
}

impl Audit {
    /// A book in this store that keeps what it has for so long.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self { store, clock, keep, waiting: Mutex::default() }
    }

    /// Writes a deed down. If the store is away it waits, and the log has it.
    pub async fn record(&self, deed: Deed) {
        self.record_later(deed);
        self.write_waiting().await;
    }

    /// Notes a deed whose operator did not stay to see it done; [`Audit::tend`] writes it down.
    pub fn record_later(&self, deed: Deed) {
        let row = self.row(deed);
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING
            && let Some(lost) = waiting.pop_front()
        {
            tracing::error!(deed = ?lost, "the audit is full and could not be written; this line is its only record");
        }
        waiting.push_back(row);
    }

    /// What has to be done now and then: writes what waits, and forgets what is old.
    pub async fn tend(&self) -> Result<(), StoreError> {
        self.write_waiting().await;
        let span = i64::try_from(self.keep.as_millis()).unwrap_or(i64::MAX);
        let before = Moment(self.clock.now().0.saturating_sub(span));
        while self.store.forget_audit(before).await? >= PAGE as u64 {}
        Ok(())
    }

    /// One page of deeds, the latest first; the next one starts `before` the last id.
    pub async fn list(
        &self,
        filter: &AuditFilter,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        self.write_waiting().await;
        self.store.list_audit(filter, before, limit).await
    }

    async fn write_waiting(&self) {
        loop {
            let rows: Vec<AuditRow> = self.waiting().iter().take(AT_ONCE).cloned().collect();
            if rows.is_empty() {
                return;
            }
            // Written before they are taken off: a write that is abandoned half-way is repeated, and ids make that
            // harmless.
            if let Err(error) = self.store.insert_audit(&rows).await {
                tracing::error!(%error, deeds = self.waiting().len(), "the audit could not be written; it waits");
                return;
            }
            let written: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            self.waiting().retain(|row| !written.contains(row.id.as_str()));
        }
    }

    fn row(&self, deed: Deed) -> AuditRow {
        let Deed { operator, via, address, action, object, status, change } = deed;
        let at = self.clock.now();
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        let object = change::redacted(&object);
        let changes = change.to_string();
        tracing::info!(%operator, via, %address, %action, %object, status, %changes, "an operator acted");
        let id = id::new("audit", at);
        AuditRow { id, at, operator, via: via.to_owned(), address, action, object, status, changes }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<AuditRow>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
