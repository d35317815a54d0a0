//! Users in SQL.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::contention::{in_order, settled};
use super::{Columns, SqlStore, clean, one, page};
use crate::clock::Moment;
use crate::store::record::{NewUser, Rules, UserId, UserRow};
use crate::store::{Result, StoreError, Users};

const COLUMNS: &str = "id, name, lookup, hint, enabled, expires_at, private, weight, created_at, last_used_at, \
                       updated_at, rules";

#[async_trait]
impl Users for SqlStore {
    async fn insert_user(&self, user: &NewUser, now: Moment) -> Result<UserRow> {
        let NewUser { id, name, lookup, hint, expires_at, private, weight, rules } = user;
        clean("name", name)?;
        clean("hint", hint)?;
        let sql = format!(
            "INSERT INTO users (id, name, lookup, hint, enabled, expires_at, created_at, updated_at, private, weight, rules) \
             VALUES ($1, $2, $3, $4, 1, $5, $6, $6, $7, $8, $9) RETURNING {COLUMNS}"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(id.as_str())
            .bind(name.as_str())
            .bind(lookup.to_vec())
            .bind(hint.as_str())
            .bind(expires_at.map(|at| at.0))
            .bind(now.0)
            .bind(i64::from(*private))
            .bind(i64::from(*weight))
            .bind(written(rules)?)
            .fetch_one(&self.writer)
            .await?;
        read(&row)
    }

    async fn user(&self, id: &UserId) -> Result<UserRow> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(&self.readers).await?;
        found.as_ref().map(read).ok_or_else(|| StoreError::missing("user", id.as_str()))?
    }

    async fn user_by_lookup(&self, lookup: &[u8; 32]) -> Result<Option<UserRow>> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE lookup = $1");
        let found =
            sqlx::query(AssertSqlSafe(sql)).bind(lookup.to_vec()).fetch_optional(&self.readers).await?;
        found.as_ref().map(read).transpose()
    }

    async fn list_users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserRow>> {
        let sql =
            format!("SELECT {COLUMNS} FROM users WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(after.map_or("", UserId::as_str))
            .bind(page(limit))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn update_user(&self, row: &UserRow, now: Moment) -> Result<()> {
        let UserRow { id, name, expires_at, private, weight, rules, .. } = row;
        clean("name", name)?;
        let done = sqlx::query(
            "UPDATE users SET name = $1, expires_at = $2, private = $3, weight = $4, rules = $5, updated_at = $6 \
             WHERE id = $7 AND deleted_at IS NULL",
        )
        .bind(name.as_str())
        .bind(expires_at.map(|at| at.0))
        .bind(i64::from(*private))
        .bind(i64::from(*weight))
        .bind(written(rules)?)
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "user", id.as_str())
    }

    async fn enable_user(&self, id: &UserId, enabled: bool, now: Moment) -> Result<()> {
        let done = sqlx::query(
            "UPDATE users SET enabled = $1, updated_at = $2 WHERE id = $3 AND deleted_at IS NULL",
        )
        .bind(i64::from(enabled))
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "user", id.as_str())
    }

    async fn rotate_user(&self, id: &UserId, lookup: &[u8; 32], hint: &str, now: Moment) -> Result<()> {
        clean("hint", hint)?;
        let done = sqlx::query(
            "UPDATE users SET lookup = $1, hint = $2, updated_at = $3 WHERE id = $4 AND deleted_at IS NULL",
        )
        .bind(lookup.to_vec())
        .bind(hint)
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "user", id.as_str())
    }

    async fn delete_user(&self, id: &UserId, now: Moment) -> Result<()> {
        let done = sqlx::query(
            "UPDATE users SET lookup = NULL, enabled = 0, updated_at = $1, deleted_at = $1 \
             WHERE id = $2 AND deleted_at IS NULL",
        )
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "user", id.as_str())
    }

    async fn touch_users(&self, seen: &[(UserId, Moment)]) -> Result<()> {
        if seen.is_empty() {
            return Ok(());
        }
        let seen = in_order(seen, |(id, _)| id);
        settled(|| self.touch_in_order(&seen)).await
    }
}

impl SqlStore {
    async fn touch_in_order(&self, seen: &[&(UserId, Moment)]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for (id, at) in seen {
            sqlx::query("UPDATE users SET last_used_at = $1 WHERE id = $2 AND deleted_at IS NULL")
                .bind(at.0)
                .bind(id.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Rules as they are kept. JSON writes NUL as an escape, which PostgreSQL takes in a text.
fn written(rules: &Rules) -> Result<String> {
    serde_json::to_string(rules)
        .map_err(|_| StoreError::Invalid { field: "rules", reason: "cannot be written" })
}

fn read(row: &AnyRow) -> Result<UserRow> {
    Ok(UserRow {
        id: row.user("id")?,
        name: row.text("name")?,
        lookup: row.hash("lookup")?,
        hint: row.text("hint")?,
        enabled: row.flag("enabled")?,
        expires_at: row.maybe_moment("expires_at")?,
        private: row.flag("private")?,
        weight: u32::try_from(row.integer("weight")?).unwrap_or(1),
        rules: serde_json::from_str(&row.text("rules")?)
            .map_err(|error| StoreError::damaged(format!("the rules of a user: {error}")))?,
        created_at: row.moment("created_at")?,
        last_used_at: row.maybe_moment("last_used_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
