//! The timeline of keys in SQL.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::contention::settled;
use super::{Columns, SqlStore, clean, page};
use crate::clock::Moment;
use crate::id;
use crate::store::record::Turn;
use crate::store::{PAGE, Result, TURNS, Timeline};

const COLUMNS: &str = "id, at, owner, model, state, until_ms, reason, detail";
/// Rows per INSERT.
const CHUNK: usize = 200;

#[async_trait]
impl Timeline for SqlStore {
    async fn add_turns(&self, turns: &[Turn]) -> Result<()> {
        for turn in turns {
            let Turn { at: _, owner, model, state, until: _, reason, detail } = turn;
            clean("owner", owner)?;
            clean("model", model)?;
            clean("state", state)?;
            clean("reason", reason)?;
            clean("detail", detail)?;
        }
        if turns.is_empty() {
            return Ok(());
        }
        settled(|| self.add_all_turns(turns)).await
    }

    async fn list_turns(&self, owners: &[&str]) -> Result<Vec<Turn>> {
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let list = self.kind.parameters(1, owners.len());
        let sql = format!("SELECT {COLUMNS} FROM turns WHERE owner IN {list} ORDER BY id DESC LIMIT {PAGE}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for owner in owners {
            query = query.bind(*owner);
        }
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    async fn delete_turns_before(&self, before: Moment, at_most: usize) -> Result<u64> {
        let done = sqlx::query(
            "DELETE FROM turns WHERE id IN (SELECT id FROM turns WHERE at < $1 ORDER BY at LIMIT $2)",
        )
        .bind(before.0)
        .bind(page(at_most))
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected())
    }
}

impl SqlStore {
    async fn add_all_turns(&self, turns: &[Turn]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for turns in turns.chunks(CHUNK) {
            let sql =
                format!("INSERT INTO turns ({COLUMNS}) VALUES {}", self.kind.parameters(turns.len(), 8));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for turn in turns {
                let Turn { at, owner, model, state, until, reason, detail } = turn;
                query = query
                    .bind(id::new("turn", *at))
                    .bind(at.0)
                    .bind(owner.as_str())
                    .bind(model.as_str())
                    .bind(state.as_str())
                    .bind(until.map(|until| until.0))
                    .bind(reason.as_str())
                    .bind(detail.as_str());
            }
            query.execute(&mut *transaction).await?;
        }
        // In one order for everybody, so that two writers do not lock each other.
        let owners: BTreeSet<&str> = turns.iter().map(|turn| turn.owner.as_str()).collect();
        for owner in owners {
            let sql = format!(
                "DELETE FROM turns WHERE owner = $1 AND id <= \
                 (SELECT id FROM turns WHERE owner = $1 ORDER BY id DESC LIMIT 1 OFFSET {TURNS})"
            );
            sqlx::query(AssertSqlSafe(sql)).bind(owner).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}

fn read(row: &AnyRow) -> Result<Turn> {
    Ok(Turn {
        at: row.moment("at")?,
        owner: row.text("owner")?,
        model: row.text("model")?,
        state: row.text("state")?,
        until: row.maybe_moment("until_ms")?,
        reason: row.text("reason")?,
        detail: row.text("detail")?,
    })
}
