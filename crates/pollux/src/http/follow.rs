//! Following the other replicas: what they stored is read again, what their pools found out is taken over.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::Gateway;
use crate::shared::News;

/// How often a change by another replica is looked for, where the database is on a server.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The same for a database in a file, which others change by hand at most.
const LOOK_AT_FILE_EVERY: Duration = Duration::from_secs(5);
/// So long further changes are waited for before all is read again.
const SETTLE: Duration = Duration::from_millis(200);
/// What in the store says that something in it is not as it was.
const REVISION: &str = "revision";

impl Gateway {
    /// Takes over what other replicas store and find out, until `shutdown` resolves; then says so to endless streams.
    pub async fn follow(&self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let mut news = self.shared.news();
        let mut revision = self.revision().await;
        let every = if self.is_replicated() { LOOK_EVERY } else { LOOK_AT_FILE_EVERY };
        let mut look = interval_at(Instant::now() + every, every);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stale: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                heard = news.recv() => match heard {
                    Ok(News::Pool(found)) => self.keyring.hear(&found),
                    Ok(News::Store) | Err(RecvError::Lagged(_)) => {
                        stale.get_or_insert_with(|| Instant::now() + SETTLE);
                    }
                    // The sender is in the room that is listened to.
                    Err(RecvError::Closed) => break,
                },
                () = until(stale) => {
                    stale = None;
                    self.reread().await;
                }
                _ = look.tick() => self.look(&mut revision, &mut stale).await,
            }
        }
        self.closing.begin();
    }

    /// Whether others may change what is in the store.
    fn is_replicated(&self) -> bool {
        self.fixed.database.is_none() || self.shared.fleet().is_shared()
    }

    async fn look(&self, known: &mut Option<String>, stale: &mut Option<Instant>) {
        if let Err(error) = self.settings.refresh().await {
            tracing::warn!(%error, "the settings could not be read; those known hold");
        }
        if self.is_replicated() {
            let revision = self.revision().await;
            if revision != *known {
                *known = revision;
                stale.get_or_insert_with(Instant::now);
            }
        }
    }

    async fn revision(&self) -> Option<String> {
        self.store.meta(REVISION).await.unwrap_or_default()
    }

    /// Reads again what is in the store.
    async fn reread(&self) {
        if let Err(error) = self.settings.refresh().await {
            tracing::warn!(%error, "the settings could not be read again; those known hold");
        }
        if let Err(error) = self.access.reload().await {
            tracing::warn!(%error, "the users could not be read again; those known hold");
        }
        if let Err(error) = self.keyring.reload().await {
            tracing::warn!(%error, "the keys could not be read again; those known hold");
        }
    }

    /// Says that something in the store is not as it was.
    pub(super) async fn say_changed(&self) {
        if !self.is_replicated() {
            return;
        }
        let revision = self.dice.id("rev", self.clock.now());
        if let Err(error) = self.store.put_meta(REVISION, &revision).await {
            tracing::warn!(%error, "other replicas could not be told of a change");
        }
        self.shared.tell(News::Store);
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
