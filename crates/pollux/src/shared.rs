//! What the replicas of one gateway agree on for minutes or hours: remembered tool calls and affinity.
//!
//! One port, [`Shared`]; this process's memory is its first backend.
//!
//! Invariant: everything in here may vanish at any moment, and calls still go on.

mod memory;

use std::collections::HashMap;
use std::fmt::Debug;

use async_trait::async_trait;
use dialect::openai::chat::Remembered;

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
}
