//! What calls used, in SQL.

mod calls;
mod clause;
mod insert;
mod rollup;
mod sums;
mod texts;

use async_trait::async_trait;

use super::contention::settled;
use super::{Columns, SqlStore, page};
use crate::clock::Moment;
use crate::store::record::UserId;
use crate::store::usage::{
    AttemptFilter, AttemptRow, By, CallFilter, Group, Place, Record, Sequenced, Sums, UsageFilter,
};
use crate::store::{Result, Usage};

pub(super) use texts::Texts;

const HOUR_MS: i64 = 3_600_000;

/// The start of the hour of a moment.
fn hour_of(ms: i64) -> i64 {
    ms.saturating_sub(ms.rem_euclid(HOUR_MS))
}

/// A text as it can be stored: PostgreSQL has no NUL, and what clients send must not stop the journal.
fn text(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}

#[async_trait]
impl Usage for SqlStore {
    async fn usage_mark(&self, journal: &str) -> Result<u64> {
        let row = sqlx::query("SELECT sequence FROM usage_marks WHERE journal = $1")
            .bind(text(journal))
            .fetch_optional(&self.readers)
            .await?;
        let mark = row.map_or(Ok(0), |row| row.integer("sequence"))?;
        Ok(u64::try_from(mark).unwrap_or(0))
    }

    async fn take_over(&self, journal: &str, batch: &[Sequenced]) -> Result<u64> {
        settled(|| self.take_batch(journal, batch)).await
    }

    async fn usage_by_user(
        &self,
        since: Option<Moment>,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, Sums)>> {
        sums::by_user(self, since, after, limit).await
    }

    async fn usage_sum(&self, filter: &UsageFilter) -> Result<Sums> {
        sums::all(self, filter).await
    }

    async fn usage_sums(
        &self,
        filter: &UsageFilter,
        by: By,
        after: Option<&Group>,
        limit: usize,
    ) -> Result<Vec<(Group, Sums)>> {
        sums::grouped(self, filter, (by, after), limit).await
    }

    async fn list_calls(
        &self,
        filter: &CallFilter,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<Record>> {
        calls::list(self, filter, after, limit).await
    }

    async fn call(&self, id: &str) -> Result<Record> {
        calls::one(self, id).await
    }

    async fn list_attempts(
        &self,
        filter: &AttemptFilter,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<AttemptRow>> {
        calls::list_attempts(self, filter, after, limit).await
    }

    async fn delete_events_before(&self, before: Moment, at_most: usize) -> Result<u64> {
        let delete = "DELETE FROM usage_events WHERE id IN \
                      (SELECT id FROM usage_events WHERE began_ms < $1 ORDER BY began_ms, id LIMIT $2)";
        let done = sqlx::query(delete).bind(before.0).bind(page(at_most)).execute(&self.writer).await?;
        Ok(done.rows_affected())
    }

    async fn delete_calls_before(&self, before: Moment, at_most: usize) -> Result<u64> {
        settled(|| self.delete_calls(before, at_most)).await
    }
}

impl SqlStore {
    async fn take_batch(&self, journal: &str, batch: &[Sequenced]) -> Result<u64> {
        let Some(last) = batch.iter().map(|record| record.sequence).max() else { return Ok(0) };
        let texts = &self.texts;
        let mut transaction = self.begin().await?;
        // The row is written first, so that a second reader of the same journal waits for this one.
        let mark = sqlx::query(
            "INSERT INTO usage_marks (journal, sequence) VALUES ($1, 0) \
             ON CONFLICT (journal) DO UPDATE SET sequence = usage_marks.sequence RETURNING sequence",
        )
        .bind(text(journal))
        .fetch_one(&mut *transaction)
        .await?
        .integer("sequence")?;
        let mark = u64::try_from(mark).unwrap_or(0);
        let fresh: Vec<&Record> =
            batch.iter().filter(|record| record.sequence > mark).map(|record| &record.record).collect();
        let new = insert::events((&mut transaction, texts), &fresh).await?;
        insert::calls((&mut transaction, texts), &new).await?;
        insert::attempts((&mut transaction, texts), &new).await?;
        rollup::add((&mut transaction, texts), &new).await?;
        sqlx::query("UPDATE usage_marks SET sequence = $1 WHERE journal = $2 AND sequence < $1")
            .bind(i64::try_from(last).unwrap_or(i64::MAX))
            .bind(text(journal))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(u64::try_from(new.len()).unwrap_or(u64::MAX))
    }

    async fn delete_calls(&self, before: Moment, at_most: usize) -> Result<u64> {
        const OLD: &str = "(SELECT id FROM requests WHERE began_ms < $1 ORDER BY began_ms, id LIMIT $2)";
        let mut transaction = self.begin().await?;
        let mut deleted = 0;
        for (table, column) in [("attempts", "call_id"), ("requests", "id")] {
            let delete = format!("DELETE FROM {table} WHERE {column} IN {OLD}");
            let delete = sqlx::query(sqlx::AssertSqlSafe(delete)).bind(before.0).bind(page(at_most));
            deleted = delete.execute(&mut *transaction).await?.rows_affected();
        }
        transaction.commit().await?;
        Ok(deleted)
    }
}
