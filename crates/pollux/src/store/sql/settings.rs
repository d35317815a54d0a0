//! Settings and facts about the store, in SQL.

use async_trait::async_trait;
use sqlx::any::AnyRow;

use super::{Columns, SqlStore, clean, page};
use crate::store::record::{SettingChange, SettingRow};
use crate::store::{PAGE, Result, Settings, StoreError};

#[async_trait]
impl Settings for SqlStore {
    async fn setting(&self, name: &str) -> Result<Option<SettingRow>> {
        clean("name", name)?;
        let found =
            sqlx::query("SELECT name, value, version, updated_at, updated_by FROM settings WHERE name = $1")
                .bind(name);
        found.fetch_optional(&self.readers).await?.as_ref().map(read).transpose()
    }

    async fn settings(&self) -> Result<Vec<SettingRow>> {
        let rows = sqlx::query(
            "SELECT name, value, version, updated_at, updated_by FROM settings ORDER BY name LIMIT $1",
        )
        .bind(page(PAGE));
        rows.fetch_all(&self.readers).await?.iter().map(read).collect()
    }

    async fn put_setting(&self, change: &SettingChange) -> Result<i64> {
        let SettingChange { name, value, seen, author, at } = change;
        clean("name", name)?;
        clean("value", value)?;
        clean("author", author)?;
        // A row that is there is changed only from the version seen; one that is not there, only from none.
        let written = sqlx::query(if *seen == 0 {
            "INSERT INTO settings (name, value, version, updated_at, updated_by) VALUES ($1, $2, $3 + 1, $4, $5) \
             ON CONFLICT (name) DO NOTHING RETURNING version"
        } else {
            "UPDATE settings SET value = $2, version = $3 + 1, updated_at = $4, updated_by = $5 \
             WHERE name = $1 AND version = $3 RETURNING version"
        })
        .bind(name.as_str())
        .bind(value.as_str())
        .bind(seen)
        .bind(at.0)
        .bind(author.as_str())
        .fetch_optional(&self.writer)
        .await?;
        written.ok_or(StoreError::Conflict { what: "this setting" })?.integer("version")
    }

    async fn meta(&self, name: &str) -> Result<Option<String>> {
        clean("name", name)?;
        let found = sqlx::query("SELECT value FROM meta WHERE name = $1").bind(name);
        found.fetch_optional(&self.readers).await?.map(|row| row.text("value")).transpose()
    }

    async fn put_meta(&self, name: &str, value: &str) -> Result<()> {
        clean("name", name)?;
        clean("value", value)?;
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sqlx::query(sql).bind(name).bind(value).execute(&self.writer).await?;
        Ok(())
    }

    async fn init_meta(&self, name: &str, value: &str) -> Result<String> {
        clean("name", name)?;
        clean("value", value)?;
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        sqlx::query(sql).bind(name).bind(value).execute(&self.writer).await?;
        let kept = self.meta(name).await?;
        kept.ok_or_else(|| StoreError::missing("fact", name))
    }

    async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT version FROM schema_version LIMIT 1").fetch_one(&self.readers).await?;
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn read(row: &AnyRow) -> Result<SettingRow> {
    Ok(SettingRow {
        name: row.text("name")?,
        value: row.text("value")?,
        version: row.integer("version")?,
        updated_at: row.moment("updated_at")?,
        updated_by: row.text("updated_by")?,
    })
}
