//! Two writers that meet.
//!
//! SQLite has one writer, so there is nothing to do. PostgreSQL lets transactions run side by side, and breaks one off
//! when two wait for each other; run again, it finds the other one done. Batches are written in the order of their keys,
//! so that this stays rare.

use std::future::Future;

use crate::store::{Result, StoreError};

/// How often a transaction is run again.
const AGAIN: usize = 4;

/// Runs a transaction, and runs it again when it was broken off in favour of another one.
pub(super) async fn settled<T, F>(transaction: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    for _ in 0..AGAIN {
        match transaction().await {
            Err(error) if is_contention(&error) => {}
            ended => return ended,
        }
    }
    transaction().await
}

/// Serialization failure and deadlock.
fn is_contention(error: &StoreError) -> bool {
    let StoreError::Unavailable(sqlx::Error::Database(inner)) = error else { return false };
    inner.code().is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}

/// The rows of a batch in the order of what names them.
pub(super) fn in_order<'a, T, K: Ord>(rows: &'a [T], name: impl Fn(&'a T) -> K) -> Vec<&'a T> {
    let mut rows: Vec<&T> = rows.iter().collect();
    rows.sort_by_key(|row| name(*row));
    rows
}
