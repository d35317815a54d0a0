//! The port in this process's memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pool::account::{Base, Caps, Held, Standing, Sum, When};
use pool::fleet::Claim;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::{Away, Correction, Fleet, Kept, News, Replica, Reserved, Shared, Take, Verdict};
use crate::clock::Moment;

mod accounts;
mod buckets;
mod shelf;

use accounts::Accounts;
use buckets::Buckets;
use shelf::Shelf;

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a tool call is remembered; `wire.md` §4.6 asks for three hours or more.
    pub call_ttl: Duration,
    /// Bytes of remembered tool calls at most; the oldest go first.
    pub call_bytes: usize,
    /// How long a conversation sticks to its project after its last call.
    pub affinity_ttl: Duration,
    /// Bytes of affinity notes at most.
    pub affinity_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            call_ttl: Duration::from_hours(48),
            call_bytes: 64 << 20,
            affinity_ttl: Duration::from_hours(1),
            affinity_bytes: 8 << 20,
        }
    }
}

/// The port in this process's memory.
#[derive(Debug)]
pub struct Memory {
    calls: Mutex<Shelf<Kept>>,
    affinity: Mutex<Shelf<String>>,
    accounts: Accounts,
    buckets: Buckets,
    /// Nobody tells anything; the sender keeps the receivers waiting.
    news: broadcast::Sender<News>,
}

impl Memory {
    /// An empty memory.
    pub fn new(settings: Settings) -> Self {
        let Settings { call_ttl, call_bytes, affinity_ttl, affinity_bytes } = settings;
        Self {
            calls: Mutex::new(Shelf::new(call_ttl, call_bytes)),
            affinity: Mutex::new(Shelf::new(affinity_ttl, affinity_bytes)),
            accounts: Accounts::default(),
            buckets: Buckets::default(),
            news: broadcast::Sender::new(1),
        }
    }
}

#[async_trait]
impl Shared for Memory {
    async fn keep_calls(&self, user: &str, calls: Vec<Kept>, now: Moment) {
        let mut kept_calls = lock(&self.calls);
        for kept in calls {
            let weight = weight(&kept);
            kept_calls.put(call_name(user, &kept.call.public_id), kept, weight, now);
        }
    }

    async fn calls(&self, user: &str, ids: &[&str], now: Moment) -> HashMap<String, Kept> {
        let kept_calls = lock(&self.calls);
        let found = ids.iter().filter_map(|id| {
            let kept = kept_calls.get(&call_name(user, id), now)?;
            Some(((*id).to_owned(), kept.clone()))
        });
        found.collect()
    }

    async fn stick(&self, affinity: &str, project: &str, now: Moment) {
        lock(&self.affinity).put(affinity.to_owned(), project.to_owned(), project.len(), now);
    }

    async fn stuck_to(&self, affinity: &str, now: Moment) -> Option<String> {
        lock(&self.affinity).get(affinity, now).cloned()
    }

    async fn take(&self, take: &Take<'_>) -> Verdict {
        self.accounts.take(take)
    }

    fn settle(&self, user: &str, held: &Held, actual: Option<Sum>) {
        self.accounts.settle(user, held, actual);
    }

    async fn standing(&self, user: &str, caps: &Caps, when: &When) -> Vec<Standing> {
        self.accounts.standing(user, caps, when)
    }

    async fn open_account(&self, user: &str, base: &Base, when: &When) {
        self.accounts.open(user, base, when);
    }

    async fn reserve(&self, project: &str, claim: &Claim, now: Moment) -> Result<Reserved, Away> {
        Ok(self.buckets.reserve(project, claim, now))
    }

    /// There is nobody else who would have to know.
    fn count(&self, _: &str, _: &Claim) {}

    fn correct(&self, correction: &Correction<'_>) {
        self.buckets.correct(correction);
    }

    fn fleet(&self) -> Fleet {
        Fleet::Alone
    }

    fn replicas(&self) -> Vec<Replica> {
        Vec::new()
    }

    async fn lead(&self, _: &str, _: Duration) -> bool {
        true
    }

    fn tell(&self, _: News) {}

    fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    async fn tend(&self, shutdown: CancellationToken) {
        shutdown.cancelled().await;
    }
}

/// What the user did not make the user cannot recall: the name starts with whose it is.
fn call_name(user: &str, id: &str) -> String {
    format!("{user}\n{id}")
}

fn weight(kept: &Kept) -> usize {
    let Kept { call, project } = kept;
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    call.public_id.len()
        + optional(&call.gemini_id)
        + call.name.len()
        + optional(&call.signature)
        + project.len()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialect::openai::chat::Remembered;

    fn kept(id: &str, signature: &str) -> Kept {
        let call = Remembered {
            public_id: id.to_owned(),
            gemini_id: None,
            name: "weather".to_owned(),
            signature: Some(signature.to_owned()),
        };
        Kept { call, project: "prj_a".to_owned() }
    }

    fn memory(call_bytes: usize) -> Memory {
        Memory::new(Settings { call_bytes, ..Settings::default() })
    }

    macro_rules! on_memory {
        ($($check:ident)*) => {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                crate::shared::contract::$check(std::sync::Arc::new(Memory::new(Settings::default()))).await;
            }
        )*};
    }
    crate::shared::contract::for_each_check!(on_memory);

    #[tokio::test]
    async fn the_oldest_call_makes_room_for_the_newest() {
        let memory = memory(2_000);
        for turn in 0..10 {
            let signature = "s".repeat(500);
            memory.keep_calls("anna", vec![kept(&format!("call_{turn}"), &signature)], Moment(turn)).await;
        }
        assert!(memory.calls("anna", &["call_0"], Moment(10)).await.is_empty());
        assert_eq!(memory.calls("anna", &["call_9"], Moment(10)).await.len(), 1);
    }
}
