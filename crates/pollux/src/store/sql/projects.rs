//! Projects in SQL.

use async_trait::async_trait;
use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};

use super::{Columns, SqlStore, clean, one, page};
use crate::clock::Moment;
use crate::id;
use crate::store::record::{ProjectId, ProjectRow};
use crate::store::{Projects, Result};

#[async_trait]
impl Projects for SqlStore {
    async fn project_by_label(&self, label: &str, now: Moment) -> Result<ProjectRow> {
        let mut transaction = self.begin().await?;
        let row = by_label(&mut transaction, label, now).await?;
        transaction.commit().await?;
        Ok(row)
    }

    async fn list_projects(&self, after: Option<&ProjectId>, limit: usize) -> Result<Vec<ProjectRow>> {
        let rows = sqlx::query("SELECT * FROM projects WHERE id > $1 ORDER BY id LIMIT $2")
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

pub(super) async fn by_label(
    transaction: &mut Transaction<'static, Any>,
    label: &str,
    now: Moment,
) -> Result<ProjectRow> {
    clean("label", label)?;
    insert(transaction, &id::new("project", now).into(), Some(label), now).await?;
    let found = sqlx::query("SELECT * FROM projects WHERE label = $1").bind(label);
    read(&found.fetch_one(&mut **transaction).await?)
}

/// Does nothing if another project has the label.
pub(super) async fn insert(
    transaction: &mut Transaction<'static, Any>,
    id: &ProjectId,
    label: Option<&str>,
    now: Moment,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO projects (id, label, tier, weight, priority, enabled, notes, created_at, updated_at) \
         VALUES ($1, $2, 'unknown', 1, 0, 1, '', $3, $3) ON CONFLICT (label) DO NOTHING",
    )
    .bind(id.as_str())
    .bind(label.map(str::to_owned))
    .bind(now.0)
    .execute(&mut **transaction)
    .await?;
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
