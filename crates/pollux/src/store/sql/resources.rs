//! What users have at Google, in SQL.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::contention::settled;
use super::{Columns, SqlStore, clean, page};
use crate::clock::Moment;
use crate::store::record::{ProjectId, ResourceRow, UserId};
use crate::store::{PAGE, Resources, Result};

const COLUMNS: &str = "name, user_id, kind, project_id, key_id, created_at, expires_at";
/// Rows per INSERT.
const CHUNK: usize = 100;
/// What is no user's to see: sessions, in which a file is on its way.
const UPLOADS: &str = "uploads";

#[async_trait]
impl Resources for SqlStore {
    async fn put_resources(&self, rows: &[ResourceRow]) -> Result<()> {
        for row in rows {
            clean("name", &row.name)?;
        }
        settled(|| self.put_all(rows)).await
    }

    async fn resources_named(&self, user: &UserId, names: &[&str]) -> Result<Vec<ResourceRow>> {
        // No name that could be stored is not clean.
        let names: Vec<&str> =
            names.iter().copied().filter(|name| clean("name", name).is_ok()).take(PAGE).collect();
        if names.is_empty() || clean("user", user.as_str()).is_err() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (2..=names.len() + 1).map(|at| format!("${at}")).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM resources WHERE user_id = $1 AND name IN ({}) ORDER BY name LIMIT {PAGE}",
            places.join(", ")
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(user.as_str());
        let query = names.into_iter().fold(query, |query, name| query.bind(name.to_owned()));
        query.fetch_all(&self.readers).await?.iter().map(read).collect()
    }

    async fn resource_of_anybody(&self, name: &str) -> Result<Option<ResourceRow>> {
        if clean("name", name).is_err() {
            return Ok(None);
        }
        let sql = format!("SELECT {COLUMNS} FROM resources WHERE name = $1 ORDER BY user_id LIMIT 1");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(name).fetch_optional(&self.readers).await?;
        found.as_ref().map(read).transpose()
    }

    async fn list_resources(
        &self,
        (user, kind): (&UserId, Option<&str>),
        after: Option<(Moment, &str)>,
        now: Moment,
        limit: usize,
    ) -> Result<Vec<ResourceRow>> {
        let (at, name) = after.unwrap_or((Moment(i64::MAX), ""));
        let (which, kind) = kind.map_or(("kind <> $2", UPLOADS), |kind| ("kind = $2", kind));
        let sql = format!(
            "SELECT {COLUMNS} FROM resources WHERE user_id = $1 AND {which} AND (expires_at IS NULL OR expires_at > $3) \
             AND (created_at < $4 OR (created_at = $4 AND name > $5)) ORDER BY created_at DESC, name LIMIT $6"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(user.as_str())
            .bind(kind)
            .bind(now.0)
            .bind(at.0)
            .bind(name)
            .bind(page(limit))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn forget_resource(&self, user: &UserId, name: &str) -> Result<()> {
        if clean("name", name).is_err() {
            return Ok(());
        }
        let gone = sqlx::query("DELETE FROM resources WHERE user_id = $1 AND name = $2");
        gone.bind(user.as_str()).bind(name).execute(&self.writer).await?;
        Ok(())
    }

    async fn count_resources(&self, project: &ProjectId, now: Moment) -> Result<Vec<(String, u64)>> {
        let sql = "SELECT kind, COUNT(*) AS count FROM resources WHERE project_id = $1 AND kind <> $2 \
                   AND (expires_at IS NULL OR expires_at > $3) GROUP BY kind ORDER BY kind LIMIT 100";
        let rows = sqlx::query(sql).bind(project.as_str()).bind(UPLOADS).bind(now.0);
        let rows = rows.fetch_all(&self.readers).await?;
        let count = |row: &AnyRow| Ok((row.text("kind")?, u64::try_from(row.integer("count")?).unwrap_or(0)));
        rows.iter().map(count).collect()
    }

    async fn forget_expired_resources(&self, before: Moment, at_most: usize) -> Result<u64> {
        let sql = "DELETE FROM resources WHERE (name, user_id) IN \
                   (SELECT name, user_id FROM resources WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
        let gone = sqlx::query(sql).bind(before.0).bind(page(at_most)).execute(&self.writer).await?;
        Ok(gone.rows_affected())
    }
}

impl SqlStore {
    async fn put_all(&self, rows: &[ResourceRow]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for rows in rows.chunks(CHUNK) {
            let sql = format!(
                "INSERT INTO resources ({COLUMNS}) VALUES {} ON CONFLICT (name, user_id) DO UPDATE SET \
                 kind = excluded.kind, project_id = excluded.project_id, key_id = excluded.key_id, \
                 expires_at = COALESCE(excluded.expires_at, resources.expires_at)",
                self.kind.parameters(rows.len(), 7)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for row in rows {
                let ResourceRow { name, user, kind, project, key, created_at, expires_at } = row;
                query = query
                    .bind(name.as_str())
                    .bind(user.as_str())
                    .bind(kind.as_str())
                    .bind(project.as_str())
                    .bind(key.as_str())
                    .bind(created_at.0)
                    .bind(expires_at.map(|at| at.0));
            }
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<ResourceRow> {
    Ok(ResourceRow {
        name: row.text("name")?,
        user: row.user("user_id")?,
        kind: row.text("kind")?,
        project: row.project("project_id")?,
        key: row.key("key_id")?,
        created_at: row.moment("created_at")?,
        expires_at: row.maybe_moment("expires_at")?,
    })
}
