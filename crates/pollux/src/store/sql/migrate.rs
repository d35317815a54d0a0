//! Brings the schema up to date, one transaction per step.
//!
//! Steps are numbered files in `migrations/`, compiled in. A step that was published is never edited.

use sqlx::{Any, Row, Transaction};

use super::SqlStore;
use crate::clock::Moment;
use crate::store::{Result, StoreError};

const STEPS: [&str; 3] = [
    include_str!("../../../migrations/0001_start.sql"),
    include_str!("../../../migrations/0002_declared.sql"),
    include_str!("../../../migrations/0005_settings.sql"),
];

impl SqlStore {
    pub(super) async fn migrate(&self, now: Moment) -> Result<()> {
        while self.step(now).await? {}
        Ok(())
    }

    /// Takes the next step; false if there is none. The version is read under the write lock, so that two programs
    /// that start together take each step once.
    async fn step(&self, now: Moment) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let version = version(&mut transaction).await?;
        let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
        if version > known {
            return Err(StoreError::NewerSchema { found: version, known });
        }
        let Some(step) = usize::try_from(version).ok().and_then(|version| STEPS.get(version)) else {
            return Ok(false);
        };
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)")
            .bind(version + 1)
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn version(transaction: &mut Transaction<'static, Any>) -> Result<i64> {
    let table = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
    sqlx::query(table).execute(&mut **transaction).await?;
    let row = sqlx::query("SELECT COALESCE(MAX(version), 0) FROM schema_version");
    Ok(row.fetch_one(&mut **transaction).await?.try_get(0)?)
}
