//! The heartbeat: once a second this replica says that it is there and hears who else is, a lost server is looked for, what
//! waits is told, and news come in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use redis::RedisError;
use redis::aio::PubSub;
use tokio::sync::{Notify, broadcast};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Redis;
use super::scripts::{Call, Which};
use crate::clock::Moment;
use crate::shared::{News, Replica};
use crate::telemetry::names;

/// How often a replica says that it is there.
const EVERY: Duration = Duration::from_secs(1);
/// Unheard for so long, a replica counts as gone.
const GONE_MS: i64 = 10_000;
/// News that wait for a listener at most; who misses some reads everything again.
const NEWS: usize = 1_024;

/// What is known of the replicas, and what they tell each other.
#[derive(Debug)]
pub(super) struct Heart {
    myself: Replica,
    /// What its keys begin with.
    place: String,
    all: Mutex<Known>,
    leads: Mutex<HashMap<String, bool>>,
    outgoing: Mutex<Vec<News>>,
    to_say: Notify,
    incoming: broadcast::Sender<News>,
}

#[derive(Debug, Default)]
struct Known {
    now: Vec<Replica>,
    /// How many there were at the last beats: a server that has forgotten all of them must not make this one the only one.
    counts: std::collections::VecDeque<u32>,
}

impl Heart {
    pub(super) fn new(myself: Replica, place: String) -> Self {
        Self {
            myself,
            place,
            all: Mutex::default(),
            leads: Mutex::default(),
            outgoing: Mutex::default(),
            to_say: Notify::new(),
            incoming: broadcast::Sender::new(NEWS),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.myself.id
    }

    /// How many replicas there are, this one included: the most of the last ten seconds.
    pub(super) fn replicas(&self) -> u32 {
        lock(&self.all).counts.iter().copied().max().unwrap_or(1).max(1)
    }

    pub(super) fn all(&self) -> Vec<Replica> {
        let mut all = lock(&self.all).now.clone();
        if !all.iter().any(|replica| replica.id == self.myself.id) {
            all.push(self.myself.clone());
        }
        all.sort_by(|one, other| (one.started, &one.id).cmp(&(other.started, &other.id)));
        all
    }

    /// Notes whether this replica leads in a matter.
    pub(super) fn led(&self, matter: &str, leads: bool) -> bool {
        lock(&self.leads).insert(matter.to_owned(), leads);
        leads
    }

    pub(super) fn leads(&self, matter: &str) -> bool {
        lock(&self.leads).get(matter).copied().unwrap_or(true)
    }

    pub(super) fn say(&self, news: News) {
        let mut outgoing = lock(&self.outgoing);
        if outgoing.len() < NEWS && !(news == News::Store && outgoing.contains(&news)) {
            outgoing.push(news);
        }
        drop(outgoing);
        self.to_say.notify_one();
    }

    pub(super) fn news(&self) -> broadcast::Receiver<News> {
        self.incoming.subscribe()
    }

    fn channel(&self) -> String {
        format!("{}:news", self.place)
    }

    fn beat(&self, leaving: bool) -> Call {
        let told =
            if leaving { String::new() } else { serde_json::to_string(&self.myself).unwrap_or_default() };
        let args = vec![self.myself.id.clone(), told, GONE_MS.to_string()];
        Call { which: Which::Beat, keys: vec![format!("{}:replicas", self.place)], args }
    }

    /// Takes note of who is there.
    fn heard(&self, reply: &[String]) {
        let (_, entries) = reply.split_at(1.min(reply.len()));
        let replica = |entry: &[String]| {
            let (seen, told) = entry.get(1)?.split_once(' ')?;
            let replica: Replica = serde_json::from_str(told).ok()?;
            Some(Replica { seen: Moment(seen.parse().ok()?), ..replica })
        };
        let now: Vec<Replica> = entries.chunks(2).filter_map(replica).collect();
        let count = u32::try_from(now.len()).unwrap_or(u32::MAX);
        metrics::gauge!(names::REPLICAS).set(f64::from(count));
        let mut all = lock(&self.all);
        all.now = now;
        all.counts.push_back(count);
        let most = usize::try_from(GONE_MS).unwrap_or(0) / 1_000;
        while all.counts.len() > most {
            all.counts.pop_front();
        }
    }

    /// Hands on what another replica says.
    fn hear(&self, text: &str) {
        let Some((from, news)) = text.split_once('\n') else { return };
        if from != self.myself.id
            && let Ok(news) = serde_json::from_str(news)
        {
            // Nobody may be listening yet.
            let _unheard = self.incoming.send(news);
        }
    }
}

impl Redis {
    /// Looks for the server. It holds for calls once it has heard this replica and been told what it missed.
    pub(super) async fn connect(&self) -> Result<(), RedisError> {
        let mut connection = self.link.connect().await?;
        let reply: Vec<String> = self.link.ask_on(&mut connection, &self.heart.beat(false)).await?;
        self.heart.heard(&reply);
        self.link.use_for_calls(connection);
        while self.backlog.tell(&self.link).await.is_ok_and(|told| told > 0) {}
        Ok(())
    }

    pub(super) async fn beat_until(&self, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ears: Option<PubSub> = None;
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                _ = tick.tick() => {
                    let was_deaf = ears.is_none();
                    ears = self.look(ears).await;
                    if was_deaf && ears.is_some() {
                        // What was told meanwhile was missed.
                        let _unheard = self.heart.incoming.send(News::Store);
                    }
                }
                text = next(&mut ears) => match text {
                    Some(text) => self.heart.hear(&text),
                    None => ears = None,
                },
                () = self.backlog.more() => { let _away = self.backlog.tell(&self.link).await; }
                () = self.heart.to_say.notified() => self.publish().await,
            }
        }
        while self.backlog.tell(&self.link).await.is_ok_and(|told| told > 0) {}
        let _away = self.link.ask::<Vec<String>>(&self.heart.beat(true)).await;
    }

    /// One beat.
    async fn look(&self, ears: Option<PubSub>) -> Option<PubSub> {
        if self.link.is_up() {
            if let Ok(reply) = self.link.ask::<Vec<String>>(&self.heart.beat(false)).await {
                self.heart.heard(&reply);
            }
            while self.backlog.tell(&self.link).await.is_ok_and(|told| told > 0) {}
        } else if self.connect().await.is_ok() {
            tracing::info!(address = %self.settings.address, "Redis is back");
        }
        let up = self.link.is_up();
        metrics::gauge!(names::REDIS_UP).set(if up { 1.0 } else { 0.0 });
        match ears {
            _ if !up => None,
            Some(ears) => Some(ears),
            None => self.link.listen(&self.heart.channel()).await.ok(),
        }
    }

    async fn publish(&self) {
        let outgoing = std::mem::take(&mut *lock(&self.heart.outgoing));
        for news in outgoing {
            let Ok(text) = serde_json::to_string(&news) else { continue };
            let mut command = redis::cmd("PUBLISH");
            command.arg(self.heart.channel()).arg(format!("{}\n{text}", self.heart.id()));
            let _away = self.link.command::<redis::Value>(&command).await;
        }
    }
}

/// The next news; none when the connection has ended. Without one, never.
async fn next(ears: &mut Option<PubSub>) -> Option<String> {
    match ears {
        Some(ears) => {
            let message = ears.on_message().next().await?;
            Some(message.get_payload().unwrap_or_default())
        }
        None => std::future::pending().await,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
