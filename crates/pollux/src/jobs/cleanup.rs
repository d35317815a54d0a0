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
}

impl Cleaned {
    /// All of it.
    pub fn total(self) -> u64 {
        self.calls + self.events
    }
}

#[async_trait]
impl Work for Cleanup {
    async fn run(&self, now: Moment) -> Result<String, Failed> {
        let settings = self.settings.now();
        let before = |days: u32| back(now, DAY.saturating_mul(days));
        let calls = before(settings.request_log_retention_days);
        let cleaned = sweep(&*self.store, calls, before(settings.usage_retention_days)).await?;
        let Cleaned { calls, events } = cleaned;
        let resources = forget_resources(&*self.store, now).await?;
        if resources > 0 {
            return Ok(format!(
                "forgot {calls} calls, {events} usage events and {resources} resources that have expired"
            ));
        }
        Ok(format!("forgot {calls} calls and {events} usage events"))
    }
}

/// Forgets calls and usage events that began before these moments.
///
/// # Errors
/// When the store does not answer; what was forgotten until then stays so.
pub async fn sweep(store: &dyn Store, calls: Moment, events: Moment) -> Result<Cleaned, StoreError> {
    let mut cleaned = Cleaned::default();
    loop {
        let gone = store.delete_calls_before(calls, AT_ONCE).await?;
        cleaned.calls += gone;
        if gone < AT_ONCE as u64 {
            break;
        }
        sleep(PAUSE).await;
    }
    loop {
        let gone = store.delete_events_before(events, AT_ONCE).await?;
        cleaned.events += gone;
        if gone < AT_ONCE as u64 {
            return Ok(cleaned);
        }
        sleep(PAUSE).await;
    }
}

/// Forgets what users had at Google and what has expired there for a day.
async fn forget_resources(store: &dyn Store, now: Moment) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    loop {
        let gone = store.forget_expired_resources(back(now, DAY), AT_ONCE).await?;
        forgotten += gone;
        if gone < AT_ONCE as u64 {
            return Ok(forgotten);
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
        let said = "forgot 1200 calls, 0 usage events and 700 resources that have expired";
        assert_eq!(cleanup.run(NOW).await.unwrap(), said);
        assert!(store.resource_of_anybody("files/new").await.unwrap().is_some());
        assert_eq!(store.list_calls(&CallFilter::default(), None, 10).await.unwrap().len(), 1);
        let sooner = Cleanup { settings: keeping(30, 30), ..cleanup };
        assert_eq!(sooner.run(NOW).await.unwrap(), "forgot 0 calls and 1200 usage events");
        assert_eq!(store.usage_sum(&UsageFilter::default()).await.unwrap().calls, 1_201, "sums stay");
    }
}
