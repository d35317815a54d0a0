//! Brings the schema up to date, one transaction per step.
//!
//! Steps are numbered files in `migrations/`, compiled in. A step that was published is never edited. Steps do not
//! build on each other's order beyond their tables, so that a number may be filled in later.

use std::collections::HashSet;

use sqlx::{Any, Row, Transaction};

use super::SqlStore;
use crate::clock::Moment;
use crate::store::{Result, StoreError};

/// Each step with its number, in the order they are taken.
const STEPS: &[(i64, &str)] = &[
    (1, include_str!("../../../migrations/0001_start.sql")),
    (2, include_str!("../../../migrations/0002_declared.sql")),
    (3, include_str!("../../../migrations/0003_usage.sql")),
    (4, include_str!("../../../migrations/0004_limits.sql")),
    (6, include_str!("../../../migrations/0006_sessions.sql")),
];

impl SqlStore {
    pub(super) async fn migrate(&self, now: Moment) -> Result<()> {
        while self.step(now).await? {}
        Ok(())
    }

    /// Takes the next step; false if there is none. What was done is read under the write lock, so that two programs
    /// that start together take each step once.
    async fn step(&self, now: Moment) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let done = done(&mut transaction).await?;
        let known = STEPS.iter().map(|(number, _)| *number).max().unwrap_or_default();
        if let Some(found) = done.iter().copied().max().filter(|newest| *newest > known) {
            return Err(StoreError::NewerSchema { found, known });
        }
        let Some((number, step)) = STEPS.iter().find(|(number, _)| !done.contains(number)) else {
            return Ok(false);
        };
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)")
            .bind(*number)
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// The numbers of the steps that were taken.
async fn done(transaction: &mut Transaction<'static, Any>) -> Result<HashSet<i64>> {
    let table = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
    sqlx::query(table).execute(&mut **transaction).await?;
    let rows = sqlx::query("SELECT version FROM schema_version ORDER BY version LIMIT 1000");
    let rows = rows.fetch_all(&mut **transaction).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

#[cfg(test)]
pub(super) fn steps() -> usize {
    STEPS.len()
}
