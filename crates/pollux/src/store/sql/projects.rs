//! Projects in SQL.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::{Columns, SqlStore, Transaction, clean, one, page};
use crate::clock::Moment;
use crate::id;
use crate::store::record::{ProjectId, ProjectRow};
use crate::store::{Projects, Result, StoreError};

const COLUMNS: &str =
    "id, label, google_number, tier, weight, priority, enabled, notes, created_at, updated_at";
const INSERT: &str = "INSERT INTO projects \
    (id, label, tier, weight, priority, enabled, notes, created_at, updated_at) VALUES";
/// Tier, weight, priority, enabled, notes.
const DEFAULTS: &str = "'unknown', 1, 0, 1, ''";

#[async_trait]
impl Projects for SqlStore {
    async fn project_by_label(&self, label: &str, now: Moment) -> Result<ProjectRow> {
        let mut transaction = self.begin().await?;
        let row = by_label(&mut transaction, label, now).await?;
        transaction.commit().await?;
        Ok(row)
    }

    async fn project(&self, id: &ProjectId) -> Result<ProjectRow> {
        let sql = format!("SELECT {COLUMNS} FROM projects WHERE id = $1");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(&self.readers).await?;
        found.as_ref().map(read).ok_or_else(|| StoreError::missing("project", id.as_str()))?
    }

    async fn list_projects(&self, after: Option<&ProjectId>, limit: usize) -> Result<Vec<ProjectRow>> {
        let sql = format!("SELECT {COLUMNS} FROM projects WHERE id > $1 ORDER BY id LIMIT $2");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(after.map_or("", ProjectId::as_str))
            .bind(page(limit))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn update_project(&self, row: &ProjectRow, now: Moment) -> Result<()> {
        let ProjectRow {
            id,
            label,
            google_number,
            tier,
            weight,
            priority,
            enabled,
            notes,
            created_at: _,
            updated_at: _,
        } = row;
        for (field, text) in [("label", label.as_deref()), ("google_number", google_number.as_deref())] {
            clean(field, text.unwrap_or_default())?;
        }
        clean("tier", tier)?;
        clean("notes", notes)?;
        let done = sqlx::query(
            "UPDATE projects SET label = $1, google_number = $2, tier = $3, weight = $4, priority = $5, \
             enabled = $6, notes = $7, updated_at = $8 WHERE id = $9",
        )
        .bind(label.clone())
        .bind(google_number.clone())
        .bind(tier.as_str())
        .bind(weight)
        .bind(priority)
        .bind(i64::from(*enabled))
        .bind(notes.as_str())
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "project", id.as_str())
    }
}

pub(super) async fn by_label(transaction: &mut Transaction, label: &str, now: Moment) -> Result<ProjectRow> {
    clean("label", label)?;
    let sql = format!("{INSERT} ($1, $2, {DEFAULTS}, $3, $3) ON CONFLICT (label) DO NOTHING");
    sqlx::query(AssertSqlSafe(sql))
        .bind(id::new("project", now))
        .bind(label)
        .bind(now.0)
        .execute(&mut **transaction)
        .await?;
    let sql = format!("SELECT {COLUMNS} FROM projects WHERE label = $1");
    let found = sqlx::query(AssertSqlSafe(sql)).bind(label);
    read(&found.fetch_one(&mut **transaction).await?)
}

/// Makes projects without a label, each for one key.
pub(super) async fn insert_own(transaction: &mut Transaction, ids: &[&ProjectId], now: Moment) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<String> =
        (2..ids.len() + 2).map(|place| format!("(${place}, NULL, {DEFAULTS}, $1, $1)")).collect();
    let sql = format!("{INSERT} {}", rows.join(", "));
    let query =
        ids.iter().fold(sqlx::query(AssertSqlSafe(sql)).bind(now.0), |query, id| query.bind(id.as_str()));
    query.execute(&mut **transaction).await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<ProjectRow> {
    Ok(ProjectRow {
        id: row.project("id")?,
        label: row.maybe_text("label")?,
        google_number: row.maybe_text("google_number")?,
        tier: row.text("tier")?,
        weight: row.integer("weight")?,
        priority: row.integer("priority")?,
        enabled: row.flag("enabled")?,
        notes: row.text("notes")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
