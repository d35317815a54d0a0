//! What was said in calls, in SQL.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::contention::settled;
use super::{Columns, SqlStore, clean, page};
use crate::clock::Moment;
use crate::store::record::BodiesRow;
use crate::store::{Bodies, Result};

/// Rows per INSERT: they may be large.
const CHUNK: usize = 16;

#[async_trait]
impl Bodies for SqlStore {
    async fn add_bodies(&self, rows: &[BodiesRow]) -> Result<()> {
        for rows in rows.chunks(CHUNK) {
            for row in rows {
                clean("call", &row.call)?;
                clean("user", row.user.as_str())?;
            }
            settled(|| self.add_some_bodies(rows)).await?;
        }
        Ok(())
    }

    async fn bodies(&self, call: &str) -> Result<Option<BodiesRow>> {
        if call.contains('\0') {
            return Ok(None);
        }
        let row = sqlx::query("SELECT call_id, at, user_id, content FROM bodies WHERE call_id = $1")
            .bind(call)
            .fetch_optional(&self.readers)
            .await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(BodiesRow {
                call: row.text("call_id")?,
                at: row.moment("at")?,
                user: row.user("user_id")?,
                content: row.bytes("content")?,
            })
        };
        row.as_ref().map(read).transpose()
    }

    async fn delete_bodies_before(&self, before: Moment, at_most: usize) -> Result<u64> {
        let done = sqlx::query(
            "DELETE FROM bodies WHERE call_id IN (SELECT call_id FROM bodies WHERE at < $1 ORDER BY at LIMIT $2)",
        )
        .bind(before.0)
        .bind(page(at_most))
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected())
    }
}

impl SqlStore {
    async fn add_some_bodies(&self, rows: &[BodiesRow]) -> Result<()> {
        let sql = format!(
            "INSERT INTO bodies (call_id, at, user_id, content) VALUES {} ON CONFLICT (call_id) DO NOTHING",
            self.kind.parameters(rows.len(), 4)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for BodiesRow { call, at, user, content } in rows {
            query = query.bind(call.as_str()).bind(at.0).bind(user.as_str()).bind(content.clone());
        }
        query.execute(&self.writer).await?;
        Ok(())
    }
}
