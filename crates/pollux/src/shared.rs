//! What the replicas of one gateway agree on for minutes or hours: remembered tool calls, affinity, and what users
//! have spent.
//!
//! One port, [`Shared`]; this process's memory is its first backend.
//!
//! Invariant: everything in here may vanish at any moment, and calls still go on: what users have spent is written down
//! elsewhere, and taken over from there.

#[cfg(test)]
mod contract;
mod memory;

use std::collections::HashMap;
use std::fmt::Debug;

use async_trait::async_trait;
use dialect::openai::chat::Remembered;
use pool::account::{Base, Caps, Held, Refused, Standing, Sum, When};

use crate::clock::Moment;

pub use memory::{Memory, Settings};

/// A tool call as it was given to a client, and the project that made it.
#[derive(Clone, Debug, PartialEq)]
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
}
