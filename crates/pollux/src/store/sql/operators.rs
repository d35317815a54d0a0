//! Operators and their sessions in SQL.

use async_trait::async_trait;
use sqlx::any::{AnyArguments, AnyQueryResult, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use super::contention::settled;
use super::{Columns, SqlStore, clean, one, page};
use crate::clock::Moment;
use crate::store::record::{OperatorRow, SessionRow};
use crate::store::{Result, Sessions, StoreError};

/// That an admin who may log in is left when this one is not counted.
const ANOTHER_ADMIN: &str = "EXISTS (SELECT 1 FROM operators AS another WHERE another.id <> $1 \
                             AND another.role = 'admin' AND another.enabled = 1 AND another.deleted_at IS NULL)";

const OPERATOR: &str = "id, name, role, password, enabled, created_at, updated_at, seen_at";
const SESSION: &str = "id, lookup, operator_id, created_at, seen_at, confirmed_at, address, agent";

#[async_trait]
impl Sessions for SqlStore {
    async fn insert_operator(&self, row: &OperatorRow) -> Result<()> {
        let OperatorRow { id, name, role, password, enabled, created_at, updated_at, seen_at: _ } = row;
        clean("name", name)?;
        let added = sqlx::query(
            "INSERT INTO operators (id, name, alias, role, password, enabled, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (alias) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(name.as_str())
        .bind(alias(name))
        .bind(role.as_str())
        .bind(password.as_str())
        .bind(i64::from(*enabled))
        .bind(created_at.0)
        .bind(updated_at.0)
        .execute(&self.writer)
        .await?;
        if added.rows_affected() == 0 { Err(StoreError::Conflict { what: "this name" }) } else { Ok(()) }
    }

    async fn operator(&self, id: &str) -> Result<OperatorRow> {
        let sql = format!("SELECT {OPERATOR} FROM operators WHERE id = $1 AND deleted_at IS NULL");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(id);
        let found = found.fetch_optional(&self.readers).await?;
        found.as_ref().map(read_operator).ok_or_else(|| StoreError::missing("operator", id))?
    }

    async fn operator_by_name(&self, name: &str) -> Result<Option<OperatorRow>> {
        // Not a clean name: nobody has it.
        if clean("name", name).is_err() {
            return Ok(None);
        }
        let sql = format!("SELECT {OPERATOR} FROM operators WHERE alias = $1");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(alias(name));
        found.fetch_optional(&self.readers).await?.as_ref().map(read_operator).transpose()
    }

    async fn list_operators(&self, after: Option<&str>, limit: usize) -> Result<Vec<OperatorRow>> {
        let sql = format!(
            "SELECT {OPERATOR} FROM operators WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(after.unwrap_or_default()).bind(page(limit));
        rows.fetch_all(&self.readers).await?.iter().map(read_operator).collect()
    }

    async fn update_operator(&self, row: &OperatorRow, now: Moment) -> Result<()> {
        let OperatorRow { id, role, password, enabled, .. } = row;
        let guard = if *enabled && role == "admin" {
            String::new()
        } else {
            format!(" AND (role <> 'admin' OR enabled = 0 OR {ANOTHER_ADMIN})")
        };
        let sql = format!(
            "UPDATE operators SET role = $2, password = $3, enabled = $4, updated_at = $5 \
             WHERE id = $1 AND deleted_at IS NULL{guard}"
        );
        let write = || {
            let update = sqlx::query(AssertSqlSafe(sql.clone()))
                .bind(id.as_str())
                .bind(role.as_str())
                .bind(password.as_str())
                .bind(i64::from(*enabled))
                .bind(now.0);
            self.after_other_admins(update)
        };
        let done = settled(write).await?;
        self.changed(&done, id).await
    }

    async fn touch_operator(&self, id: &str, at: Moment) -> Result<()> {
        let done = sqlx::query("UPDATE operators SET seen_at = $2 WHERE id = $1 AND deleted_at IS NULL")
            .bind(id)
            .bind(at.0)
            .execute(&self.writer)
            .await?;
        one(&done, "operator", id)
    }

    async fn delete_operator(&self, id: &str, now: Moment) -> Result<()> {
        let sql = format!(
            "UPDATE operators SET alias = NULL, password = '', enabled = 0, updated_at = $2, deleted_at = $2 \
             WHERE id = $1 AND deleted_at IS NULL AND (role <> 'admin' OR enabled = 0 OR {ANOTHER_ADMIN})"
        );
        let write = || self.after_other_admins(sqlx::query(AssertSqlSafe(sql.clone())).bind(id).bind(now.0));
        let done = settled(write).await?;
        self.changed(&done, id).await
    }

    async fn insert_session(&self, row: &SessionRow) -> Result<()> {
        let SessionRow { id, lookup, operator, created_at, seen_at, confirmed_at, address, agent } = row;
        clean("agent", agent)?;
        sqlx::query(
            "INSERT INTO sessions (id, lookup, operator_id, created_at, seen_at, confirmed_at, address, agent) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(id.as_str())
        .bind(lookup.to_vec())
        .bind(operator.as_str())
        .bind(created_at.0)
        .bind(seen_at.0)
        .bind(confirmed_at.0)
        .bind(address.as_str())
        .bind(agent.as_str())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn session(&self, lookup: &[u8; 32]) -> Result<Option<SessionRow>> {
        let sql = format!("SELECT {SESSION} FROM sessions WHERE lookup = $1");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(lookup.to_vec());
        found.fetch_optional(&self.readers).await?.as_ref().map(read_session).transpose()
    }

    async fn list_sessions(&self, after: Option<&str>, limit: usize) -> Result<Vec<SessionRow>> {
        let sql = format!("SELECT {SESSION} FROM sessions WHERE id > $1 ORDER BY id LIMIT $2");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(after.unwrap_or_default()).bind(page(limit));
        rows.fetch_all(&self.readers).await?.iter().map(read_session).collect()
    }

    async fn touch_session(&self, id: &str, seen_at: Moment, confirmed_at: Moment) -> Result<()> {
        let done = sqlx::query("UPDATE sessions SET seen_at = $2, confirmed_at = $3 WHERE id = $1")
            .bind(id)
            .bind(seen_at.0)
            .bind(confirmed_at.0)
            .execute(&self.writer)
            .await?;
        one(&done, "session", id)
    }

    async fn delete_session(&self, id: &str) -> Result<()> {
        let done = sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(&self.writer).await?;
        one(&done, "session", id)
    }

    async fn delete_sessions(&self, operator: Option<&str>) -> Result<u64> {
        let all = operator.is_none();
        let done = sqlx::query("DELETE FROM sessions WHERE $1 = 1 OR operator_id = $2")
            .bind(i64::from(all))
            .bind(operator.unwrap_or_default())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected())
    }

    async fn forget_sessions(&self, created_before: Moment, seen_before: Moment) -> Result<u64> {
        let done = sqlx::query("DELETE FROM sessions WHERE created_at <= $1 OR seen_at <= $2")
            .bind(created_before.0)
            .bind(seen_before.0)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected())
    }
}

impl SqlStore {
    /// Runs a statement that looks for another admin when nobody else can take that one away meanwhile.
    async fn after_other_admins(&self, statement: Query<'_, Any, AnyArguments>) -> Result<AnyQueryResult> {
        let mut transaction = self.begin().await?;
        // Changes nothing; of two that come here at once, the second waits and then sees what the first has done.
        sqlx::query("UPDATE operators SET role = role WHERE role = 'admin'")
            .execute(&mut *transaction)
            .await?;
        let done = statement.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done)
    }

    /// An update that hit no row: there is none, or it is the last admin's.
    async fn changed(&self, done: &AnyQueryResult, id: &str) -> Result<()> {
        if done.rows_affected() > 0 {
            return Ok(());
        }
        self.operator(id).await?;
        Err(StoreError::Conflict { what: "the last admin" })
    }
}

/// The name as it is compared.
fn alias(name: &str) -> String {
    name.trim().to_lowercase()
}

fn read_operator(row: &AnyRow) -> Result<OperatorRow> {
    Ok(OperatorRow {
        id: row.text("id")?,
        name: row.text("name")?,
        role: row.text("role")?,
        password: row.text("password")?,
        enabled: row.flag("enabled")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        seen_at: row.maybe_moment("seen_at")?,
    })
}

fn read_session(row: &AnyRow) -> Result<SessionRow> {
    Ok(SessionRow {
        id: row.text("id")?,
        lookup: row.hash("lookup")?,
        operator: row.text("operator_id")?,
        created_at: row.moment("created_at")?,
        seen_at: row.moment("seen_at")?,
        confirmed_at: row.moment("confirmed_at")?,
        address: row.text("address")?,
        agent: row.text("agent")?,
    })
}
