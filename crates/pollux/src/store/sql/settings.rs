//! Settings and facts about the store, in SQL.

use async_trait::async_trait;
use sqlx::any::AnyRow;

use super::{Columns, SqlStore, clean, page};
use crate::store::record::SettingsVersion;
use crate::store::{Result, Settings, StoreError};

#[async_trait]
impl Settings for SqlStore {
    async fn settings_version(&self, version: Option<i64>) -> Result<Option<SettingsVersion>> {
        let found = match version {
            Some(version) => sqlx::query(
                "SELECT version, made_at, author, note, stored, changes FROM settings_versions WHERE version = $1",
            )
            .bind(version),
            None => sqlx::query(
                "SELECT version, made_at, author, note, stored, changes FROM settings_versions \
                 ORDER BY version DESC LIMIT 1",
            ),
        };
        found.fetch_optional(&self.readers).await?.as_ref().map(read).transpose()
    }

    async fn add_settings_version(&self, version: &SettingsVersion) -> Result<()> {
        let SettingsVersion { version, at, author, note, stored, changes } = version;
        for (field, text) in [("author", author), ("note", note), ("stored", stored), ("changes", changes)] {
            clean(field, text)?;
        }
        let added = sqlx::query(
            "INSERT INTO settings_versions (version, made_at, author, note, stored, changes) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (version) DO NOTHING",
        )
        .bind(version)
        .bind(at.0)
        .bind(author.as_str())
        .bind(note.as_str())
        .bind(stored.as_str())
        .bind(changes.as_str())
        .execute(&self.writer)
        .await?;
        if added.rows_affected() == 0 {
            return Err(StoreError::Conflict { what: "this version of the settings" });
        }
        Ok(())
    }

    async fn list_settings_versions(
        &self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<SettingsVersion>> {
        let sql = "SELECT version, made_at, author, note, stored, changes FROM settings_versions \
                   WHERE version < $1 ORDER BY version DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(before.unwrap_or(i64::MAX)).bind(page(limit));
        rows.fetch_all(&self.readers).await?.iter().map(read).collect()
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
        self.occupancy.release();
    }
}

fn read(row: &AnyRow) -> Result<SettingsVersion> {
    Ok(SettingsVersion {
        version: row.integer("version")?,
        at: row.moment("made_at")?,
        author: row.text("author")?,
        note: row.text("note")?,
        stored: row.text("stored")?,
        changes: row.text("changes")?,
    })
}
