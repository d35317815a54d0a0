//! The port on a Redis or Valkey server that all replicas share.
//!
//! Each decision is one script, run by the server in one step and one exchange. All keys of one decision have the same
//! hash tag (the user, or the model), so that a cluster has them in one place, and everything ends by itself. Minutes go by
//! the server's clock, on which all replicas agree; tests that turn the time let the server go by the caller's.
//!
//! When Redis does not answer, nobody waits: users' accounts and buckets go on with this replica's share of each limit,
//! remembered calls and affinity with what this replica knows. What was taken meanwhile is told when it is back.

mod accounts;
mod address;
mod backlog;
mod beat;
mod buckets;
mod link;
mod scripts;
mod shades;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pool::account::{Base, Caps, Held, Standing, Sum, When};
use pool::fleet::Claim;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::{Away, Correction, Fleet, Kept, Memory, News, Replica, Reserved, Shared, Take, Verdict};
use crate::clock::Moment;

use accounts::Asker;
use backlog::Backlog;
use beat::Heart;
use link::Link;
use scripts::{Call, Which};
use shades::Shades;

pub use address::RedisUrl;

/// How Redis is used.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// Where it is.
    pub address: RedisUrl,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// How long an answer may take before Redis counts as away.
    pub patience: Duration,
    /// Whether minutes go by the server's clock. If not, by the caller's: for tests.
    pub own_clock: bool,
    /// How much is remembered, and for how long.
    pub memory: super::Settings,
}

/// The port on Redis.
#[derive(Debug)]
pub struct Redis {
    link: Link,
    settings: RedisSettings,
    heart: Heart,
    backlog: Backlog,
    shades: Shades,
    /// What this replica knows by itself of calls and affinity.
    memory: Memory,
}

impl Redis {
    /// Connects. A server that does not answer is no reason not to start: it counts as away, until it does.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub async fn open(settings: RedisSettings, myself: Replica) -> Result<Arc<Self>, redis::RedisError> {
        let link = Link::new(settings.address.clone(), settings.patience)?;
        let redis = Self {
            link,
            heart: Heart::new(myself, format!("{}:{{fleet}}", settings.prefix)),
            backlog: Backlog::default(),
            shades: Shades::default(),
            memory: Memory::new(settings.memory),
            settings,
        };
        if let Err(error) = redis.connect().await {
            tracing::warn!(address = %redis.settings.address, %error, "Redis is away; this replica starts by itself");
        }
        Ok(Arc::new(redis))
    }

    fn clock(&self, now: Moment) -> String {
        if self.settings.own_clock { String::new() } else { now.0.to_string() }
    }

    fn account(&self, user: &str) -> String {
        format!("{}:{{u:{user}}}:account", self.settings.prefix)
    }

    fn call(&self, user: &str, id: &str) -> String {
        format!("{}:{{u:{user}}}:call:{id}", self.settings.prefix)
    }

    fn affinity(&self, affinity: &str) -> String {
        format!("{}:affinity:{affinity}", self.settings.prefix)
    }

    fn bucket(&self, model: &str, project: &str) -> String {
        format!("{}:{{m:{model}}}:bucket:{project}", self.settings.prefix)
    }

    fn epoch(&self, model: &str) -> String {
        format!("{}:{{m:{model}}}:epoch", self.settings.prefix)
    }

    /// Asks, and along with it tells what waits to be told, which comes first.
    async fn ask<T: redis::FromRedisValue>(&self, call: &Call) -> Result<T, link::Away> {
        let (_, answer) =
            futures_util::future::join(self.backlog.tell(&self.link), self.link.ask(call)).await;
        answer
    }
}

#[async_trait]
impl Shared for Redis {
    async fn keep_calls(&self, user: &str, calls: Vec<Kept>, now: Moment) {
        let ttl = millis(self.settings.memory.call_ttl);
        let mut pipeline = redis::pipe();
        for kept in &calls {
            let Ok(text) = serde_json::to_string(&(now, kept)) else { continue };
            pipeline
                .cmd("SET")
                .arg(self.call(user, &kept.call.public_id))
                .arg(text)
                .arg("PX")
                .arg(ttl)
                .ignore();
        }
        if !calls.is_empty() {
            // One that is away is known by it; this replica knows the calls itself.
            let _away = self.link.pipeline(&pipeline).await;
        }
        self.memory.keep_calls(user, calls, now).await;
    }

    async fn calls(&self, user: &str, ids: &[&str], now: Moment) -> HashMap<String, Kept> {
        let mut found = self.memory.calls(user, ids, now).await;
        let missing: Vec<&str> = ids.iter().copied().filter(|id| !found.contains_key(*id)).collect();
        if missing.is_empty() {
            return found;
        }
        let mut command = redis::cmd("MGET");
        for id in &missing {
            command.arg(self.call(user, id));
        }
        let answer: Vec<Option<String>> = self.link.command(&command).await.unwrap_or_default();
        let ttl = millis(self.settings.memory.call_ttl);
        for (id, text) in missing.into_iter().zip(answer) {
            let kept = text.and_then(|text| serde_json::from_str::<(Moment, Kept)>(&text).ok());
            if let Some((_, kept)) = kept.filter(|(at, _)| now.since(*at) < ttl) {
                found.insert(id.to_owned(), kept);
            }
        }
        found
    }

    async fn stick(&self, affinity: &str, project: &str, now: Moment) {
        self.memory.stick(affinity, project, now).await;
        let mut command = redis::cmd("SET");
        let ttl = millis(self.settings.memory.affinity_ttl);
        command.arg(self.affinity(affinity)).arg(project).arg("PX").arg(ttl);
        let _away = self.link.command::<redis::Value>(&command).await;
    }

    async fn stuck_to(&self, affinity: &str, now: Moment) -> Option<String> {
        let mut command = redis::cmd("GET");
        command.arg(self.affinity(affinity));
        match self.link.command(&command).await {
            Ok(project) => project,
            Err(link::Away) => self.memory.stuck_to(affinity, now).await,
        }
    }

    async fn take(&self, take: &Take<'_>) -> Verdict {
        let clock = self.clock(take.when.now);
        let asker = Asker { replica: self.heart.id(), clock: &clock };
        let base = self.shades.base(take.user, &take.when);
        let call = accounts::take(asker, self.account(take.user), take, &base);
        let reply: Result<Vec<i64>, _> = self.ask(&call).await;
        if let Some((verdict, used)) = reply.ok().and_then(|reply| accounts::verdict(&reply, take)) {
            match verdict.outcome {
                Ok(_) => self.shades.took(take, used),
                Err(_) => self.shades.heard(take.user, used, take.when.now),
            }
            return verdict;
        }
        let verdict = self.shades.take_alone(take, self.fleet().divisor());
        if verdict.outcome.is_ok() {
            let all = Take { caps: &Caps::NONE, ..*take };
            self.backlog.push(accounts::take(asker, self.account(take.user), &all, &base));
        }
        verdict
    }

    fn settle(&self, user: &str, held: &Held, actual: Option<Sum>) {
        self.shades.settle(user, held, actual);
        let clock = self.clock(held.mark);
        let asker = Asker { replica: self.heart.id(), clock: &clock };
        self.backlog.push(accounts::settle(asker, self.account(user), held, actual));
    }

    async fn standing(&self, user: &str, caps: &Caps, when: &When) -> Vec<Standing> {
        let clock = self.clock(when.now);
        let asker = Asker { replica: self.heart.id(), clock: &clock };
        let reply: Result<Vec<i64>, _> = self.ask(&accounts::standing(asker, self.account(user), when)).await;
        match reply.ok().and_then(|reply| accounts::read(&reply, caps, when)) {
            Some((standing, _)) => standing,
            None => self.shades.standing_alone(user, caps, when, self.fleet().divisor()),
        }
    }

    async fn open_account(&self, user: &str, base: &Base, when: &When) {
        self.shades.open(user, base, when.now);
        let clock = self.clock(when.now);
        let asker = Asker { replica: self.heart.id(), clock: &clock };
        let call = accounts::open(asker, self.account(user), base, when);
        if self.ask::<redis::Value>(&call).await.is_err() {
            self.backlog.push(call);
        }
    }

    async fn reserve(&self, project: &str, claim: &Claim, now: Moment) -> Result<Reserved, Away> {
        let keys = [self.bucket(&claim.model, project), self.epoch(&claim.model)];
        let call = buckets::reserve(&self.clock(now), keys, claim, (self.heart.replicas(), false));
        let reply: Vec<i64> = self.ask(&call).await.map_err(|link::Away| Away)?;
        let (mark, answer) = buckets::answer(&reply).ok_or(Away)?;
        Ok(Reserved { mark, answer })
    }

    fn count(&self, project: &str, claim: &Claim) {
        let keys = [self.bucket(&claim.model, project), self.epoch(&claim.model)];
        // Whenever it arrives, it counts from then on: later than it was, so never too short.
        self.backlog.push(buckets::reserve("", keys, claim, (1, true)));
    }

    fn correct(&self, correction: &Correction<'_>) {
        let Correction { project, model, mark, day, was, is } = *correction;
        if was != is {
            self.backlog.push(buckets::correct(self.bucket(model, project), mark, day, (was, is)));
        }
    }

    fn fleet(&self) -> Fleet {
        let replicas = self.heart.replicas();
        if self.link.is_up() { Fleet::Together(replicas) } else { Fleet::Away(replicas) }
    }

    fn replicas(&self) -> Vec<Replica> {
        self.heart.all()
    }

    async fn lead(&self, matter: &str, keep: Duration) -> bool {
        let key = format!("{}:lead:{matter}", self.settings.prefix);
        let args = vec![self.heart.id().to_owned(), millis(keep).to_string()];
        let answer: Result<Vec<i64>, _> =
            self.link.ask(&Call { which: Which::Lead, keys: vec![key], args }).await;
        match answer {
            Ok(answer) => self.heart.led(matter, answer == [1]),
            Err(link::Away) => self.heart.leads(matter),
        }
    }

    fn tell(&self, news: News) {
        self.heart.say(news);
    }

    fn news(&self) -> broadcast::Receiver<News> {
        self.heart.news()
    }

    async fn tend(&self, shutdown: CancellationToken) {
        self.beat_until(shutdown).await;
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
