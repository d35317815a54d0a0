//! What the replicas of one gateway agree on for minutes or hours: remembered tool calls, affinity, what users have
//! spent, what projects' buckets hold, and who else is there.
//!
//! One port, [`Shared`]: this process's memory for a single replica, Redis for several.
//!
//! Invariant: everything in here may vanish at any moment, and calls still go on: what users have spent is written down
//! elsewhere, and taken over from there.

#[cfg(test)]
mod contract;
mod fleet;
mod memory;
mod redis;

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use dialect::openai::chat::Remembered;
use pool::Cost;
use pool::account::{Base, Caps, Held, Refused, Standing, Sum, When};
use pool::fleet::{Answer, Claim};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::clock::Moment;

pub use fleet::{Away, Fleet, News, Replica};
pub use memory::{Memory, Settings};
pub use redis::{Redis, RedisSettings, RedisUrl};

/// A tool call as it was given to a client, and the project that made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The call itself.
    pub call: Remembered,
    /// The project whose model made it; thought signatures may be bound to it (`wire.md` §4.6).
    pub project: String,
}

/// What a call wants to take from its user's account.
#[derive(Clone, Copy, Debug)]
pub struct Take<'a> {
    /// Whose account.
    pub user: &'a str,
    /// Its limits.
    pub caps: &'a Caps,
    /// What the call may take at most.
    pub need: Sum,
    /// When.
    pub when: When,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is reserved, or why nothing is.
    pub outcome: Result<Held, Refused>,
    /// How the user stands with each of its limits afterwards.
    pub standing: Vec<Standing>,
}

/// What became of a claim to a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// By what the reservation is found again; none if it was refused.
    pub mark: Option<Moment>,
    /// What all replicas did with the bucket.
    pub answer: Answer,
}

/// A reservation in a bucket that is to be corrected.
#[derive(Clone, Copy, Debug)]
pub struct Correction<'a> {
    /// The project, by id.
    pub project: &'a str,
    /// The bucket's name, as the claim had it.
    pub model: &'a str,
    /// By what it is found.
    pub mark: Moment,
    /// The Pacific day it was made in.
    pub day: i32,
    /// What was reserved.
    pub was: Cost,
    /// What the call took.
    pub is: Cost,
}

/// The port.
#[async_trait]
pub trait Shared: Debug + Send + Sync {
    /// Keeps tool calls of a user for as long as a conversation may last.
    async fn keep_calls(&self, user: &str, calls: Vec<Kept>, now: Moment);

    /// The calls of this user that are still known, by public id.
    async fn calls(&self, user: &str, ids: &[&str], now: Moment) -> HashMap<String, Kept>;

    /// Notes that what `affinity` names was served by `project`.
    async fn stick(&self, affinity: &str, project: &str, now: Moment);

    /// The project that last served what `affinity` names.
    async fn stuck_to(&self, affinity: &str, now: Moment) -> Option<String>;

    /// Reserves what a call needs, or says why not: one step, whoever else asks at the same time.
    async fn take(&self, take: &Take<'_>) -> Verdict;

    /// Corrects a reservation to what the call took; without a count, it stays as it is. Never waits: it is called when a
    /// guard is dropped. A backend beyond a wire sends it later, and in order.
    fn settle(&self, user: &str, held: &Held, actual: Option<Sum>);

    /// How a user stands with each of these limits.
    async fn standing(&self, user: &str, caps: &Caps, when: &When) -> Vec<Standing>;

    /// Takes over what was written down of a user before. What the account knows of itself stays if it is more.
    async fn open_account(&self, user: &str, base: &Base, when: &When);

    /// Claims what this replica's pool has reserved in a project's bucket: one step, whoever else claims at the same time.
    /// `now` is this replica's clock. A backend whose replicas agree on another clock goes by that one, and answers in
    /// spans, which mean the same by every clock.
    ///
    /// # Errors
    /// When the others are out of reach; then this replica has its share, see [`Fleet::divisor`].
    async fn reserve(&self, project: &str, claim: &Claim, now: Moment) -> Result<Reserved, Away>;

    /// Counts a claim whatever there is: what it stands for has happened, or happens whatever the answer. Never waits.
    fn count(&self, project: &str, claim: &Claim);

    /// Corrects a claim to what the call took. Never waits, as [`settle`](Self::settle).
    fn correct(&self, correction: &Correction<'_>);

    /// Who else is there, and whether they are heard.
    fn fleet(&self) -> Fleet;

    /// Every replica that is heard, this one included; none if there is only this one and nobody counts.
    fn replicas(&self) -> Vec<Replica>;

    /// Whether this replica may do what one of them does for all. Who leads keeps the lead until `keep` after it last
    /// asked. Out of reach of the others it stays as it was, and who never asked does what it can.
    async fn lead(&self, matter: &str, keep: Duration) -> bool;

    /// Tells the other replicas. Never waits; what cannot be told now is not told later, for whoever comes back reads
    /// everything again.
    fn tell(&self, news: News);

    /// What other replicas tell, from now on.
    fn news(&self) -> broadcast::Receiver<News>;

    /// Does what has to be done beside the calls until `shutdown` resolves, then takes leave of the others.
    async fn tend(&self, shutdown: CancellationToken);
}
