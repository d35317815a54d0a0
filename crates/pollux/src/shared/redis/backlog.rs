//! What Redis is to be told when there is time: corrections, what was taken while it was away, news. In order.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::link::{Away, Link};
use super::scripts::Call;

/// So much is kept for a server that is away; beyond it the oldest is forgotten, which leaves reservations counted.
const MOST: usize = 100_000;
/// How much goes in one exchange.
const BATCH: usize = 256;

/// What waits to be told.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    calls: Mutex<VecDeque<Call>>,
    more: Notify,
}

impl Backlog {
    pub(super) fn push(&self, call: Call) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= MOST {
            calls.pop_front();
        }
        calls.push_back(call);
        drop(calls);
        self.more.notify_one();
    }

    /// Resolves when there is something to tell.
    pub(super) async fn more(&self) {
        self.more.notified().await;
    }

    /// Tells a part of it, all in one exchange. What may not have arrived is told again: a correction that counts twice
    /// errs by one call, a lost one as well.
    pub(super) async fn tell(&self, link: &Link) -> Result<usize, Away> {
        let calls: Vec<Call> = {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            let count = calls.len().min(BATCH);
            calls.drain(..count).collect()
        };
        if calls.is_empty() {
            return Ok(0);
        }
        let told =
            futures_util::future::join_all(calls.iter().map(|call| link.ask::<redis::Value>(call))).await;
        if told.iter().all(Result::is_err) && !link.is_up() {
            let mut waiting = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            for call in calls.into_iter().rev() {
                waiting.push_front(call);
            }
            return Err(Away);
        }
        Ok(told.len())
    }
}
