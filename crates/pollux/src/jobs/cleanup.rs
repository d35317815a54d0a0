//! Forgets what is old, a few rows at a time: the database has one writer, and calls want it too.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use super::{Failed, Work};
use crate::clock::Moment;
use crate::settings::Live;
use crate::store::{Store, StoreError};

/// Rows in one go: a few milliseconds of the writer.
const AT_ONCE: usize = 500;
/// What others get of the writer between two of them.
const PAUSE: Duration = Duration::from_millis(10);
const DAY: Duration = Duration::from_hours(24);

/// The job that keeps things as long as the settings say.
#[derive(Debug)]
pub struct Cleanup {
    /// Where they are.
    pub store: Arc<dyn Store>,
    /// How long they are kept.
    pub settings: Live,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Rows of the request log, each with its attempts.
    pub calls: u64,
    /// Usages of single calls; their sums stay.
    pub events: u64,
    /// Turns in the life of keys.
    pub turns: u64,
    /// Calls of which it was kept what was said.
    pub bodies: u64,
}

/// What is older than this goes.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// Calls, with their attempts, and turns of keys.
    pub calls: Moment,
    /// Usages of single calls.
    pub events: Moment,
    /// What was said in calls.
    pub bodies: Moment,
}

impl Cleaned {
    /// All of it.
    pub fn total(self) -> u64 {
        self.calls + self.events + self.turns + self.bodies
    }
}

#[async_trait]
impl Work for Cleanup {
    async fn run(&self, now: Moment) -> Result<String, Failed> {
        let settings = self.settings.now();
        let before = |days: u32| back(now, DAY.saturating_mul(days));
        let before = Before {
            calls: before(settings.request_log_retention_days),
            events: before(settings.usage_retention_days),
            bodies: before(settings.bodies_retention_days),
        };
        let Cleaned { calls, events, turns, bodies } = sweep(&*self.store, before).await?;
        let expired = back(now, DAY);
        let resources = bit_by_bit(|| self.store.forget_expired_resources(expired, AT_ONCE)).await?;
        Ok(format!(
            "forgot {calls} calls, what was said in {bodies}, {events} usage events, {turns} turns of keys and {resources} \
             resources that have expired"
        ))
    }
}

/// Forgets what is older than these moments.
///
/// # Errors
/// When the store does not answer; what was forgotten until then stays so.
pub async fn sweep(store: &dyn Store, before: Before) -> Result<Cleaned, StoreError> {
    let Before { calls, events, bodies } = before;
    Ok(Cleaned {
        bodies: bit_by_bit(|| store.delete_bodies_before(bodies, AT_ONCE)).await?,
        calls: bit_by_bit(|| store.delete_calls_before(calls, AT_ONCE)).await?,
        events: bit_by_bit(|| store.delete_events_before(events, AT_ONCE)).await?,
        turns: bit_by_bit(|| store.delete_turns_before(calls, AT_ONCE)).await?,
    })
}

/// Forgets until there is no more; says how many.
async fn bit_by_bit<F>(forget: impl Fn() -> F) -> Result<u64, StoreError>
where
    F: Future<Output = Result<u64, StoreError>>,
{
    let mut all = 0;
    loop {
        let gone = forget().await?;
        all += gone;
        if gone < AT_ONCE as u64 {
            return Ok(all);
        }
        sleep(PAUSE).await;
    }
}

/// So long before.
pub(crate) fn back(now: Moment, keep: Duration) -> Moment {
    Moment(now.0.saturating_sub(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Values;
    use crate::store::record::ResourceRow;
    use crate::store::usage::{CallFilter, Record, Sequenced, UsageFilter};
    use crate::store::{SqlStore, SqliteSettings};

    const NOW: Moment = Moment(1_795_305_600_000);

    fn keeping(calls: u32, events: u32) -> Live {
        let values = Values::of_defaults().unwrap();
        Live::fixed(Values { request_log_retention_days: calls, usage_retention_days: events, ..values })
    }

    #[tokio::test]
    async fn what_is_old_goes_in_pieces_and_sums_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pollux.db");
        let store: Arc<dyn Store> =
            Arc::new(SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap());
        let batch: Vec<Sequenced> = (0..1_201_u64)
            .map(|number| {
                let age = if number == 0 { DAY } else { 40 * DAY };
                let began_ms = back(NOW, age).0;
                let record =
                    Record { id: format!("req_{number}"), began_ms, ended_ms: began_ms, ..Record::default() };
                Sequenced { sequence: number + 1, record }
            })
            .collect();
        assert_eq!(store.take_over("test", &batch).await.unwrap(), 1_201);
        let cleanup = Cleanup { store: Arc::clone(&store), settings: keeping(30, 50) };
        let row = |name: &str, expires_at| ResourceRow {
            name: name.to_owned(),
            user: "anna".into(),
            kind: "files".to_owned(),
            project: "project".into(),
            key: "key".into(),
            created_at: NOW,
            expires_at: Some(expires_at),
        };
        let rows: Vec<ResourceRow> =
            (0..700).map(|number| row(&format!("files/{number}"), back(NOW, 2 * DAY))).collect();
        store.put_resources(&rows).await.unwrap();
        store.put_resources(&[row("files/new", NOW)]).await.unwrap();
        let said = "forgot 1200 calls, what was said in 0, 0 usage events, 0 turns of keys and 700 resources that have expired";
        assert_eq!(cleanup.run(NOW).await.unwrap(), said);
        assert!(store.resource_of_anybody("files/new").await.unwrap().is_some());
        assert_eq!(store.list_calls(&CallFilter::default(), None, 10).await.unwrap().len(), 1);
        let sooner = Cleanup { settings: keeping(30, 30), ..cleanup };
        assert_eq!(
            sooner.run(NOW).await.unwrap(),
            "forgot 0 calls, what was said in 0, 1200 usage events, 0 turns of keys and 0 resources that have expired"
        );
        assert_eq!(store.usage_sum(&UsageFilter::default()).await.unwrap().calls, 1_201, "sums stay");
    }
}
