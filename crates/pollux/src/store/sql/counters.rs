//! Day counters and learned limits in SQL.

use async_trait::async_trait;
use sqlx::any::AnyRow;

use super::{Columns, SqlStore, clean, page};
use crate::store::record::{DayCount, Limit};
use crate::store::{Counters, PAGE, Result};

#[async_trait]
impl Counters for SqlStore {
    async fn add_to_days(&self, counts: &[DayCount]) -> Result<()> {
        if counts.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for DayCount { project, model, day, requests, tokens } in counts {
            clean("model", model)?;
            clean("day", day)?;
            sqlx::query(
                "INSERT INTO buckets (project_id, model, day, requests, tokens) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (day, project_id, model) DO UPDATE SET \
                 requests = buckets.requests + excluded.requests, tokens = buckets.tokens + excluded.tokens",
            )
            .bind(project.as_str())
            .bind(model.as_str())
            .bind(day.as_str())
            .bind(requests)
            .bind(tokens)
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn load_day(&self, day: &str) -> Result<Vec<DayCount>> {
        clean("day", day)?;
        let mut all: Vec<DayCount> = Vec::new();
        loop {
            let (project, model) =
                all.last().map_or(("", ""), |row| (row.project.as_str(), row.model.as_str()));
            let rows = sqlx::query(
                "SELECT * FROM buckets WHERE day = $1 AND (project_id, model) > ($2, $3) \
                 ORDER BY project_id, model LIMIT $4",
            )
            .bind(day)
            .bind(project)
            .bind(model)
            .bind(page(PAGE))
            .fetch_all(&self.readers)
            .await?;
            for row in &rows {
                all.push(read_count(row)?);
            }
            if rows.len() < PAGE {
                return Ok(all);
            }
        }
    }

    async fn put_limits(&self, limits: &[Limit]) -> Result<()> {
        if limits.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for Limit { project, model, measure, window, value, provenance, learned_at } in limits {
            for (field, text) in
                [("model", model), ("measure", measure), ("window", window), ("provenance", provenance)]
            {
                clean(field, text)?;
            }
            sqlx::query(
                "INSERT INTO limits (project_id, model, measure, span, value, provenance, learned_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project_id, model, measure, span) DO UPDATE SET \
                 value = excluded.value, provenance = excluded.provenance, learned_at = excluded.learned_at",
            )
            .bind(project.as_str())
            .bind(model.as_str())
            .bind(measure.as_str())
            .bind(window.as_str())
            .bind(value)
            .bind(provenance.as_str())
            .bind(learned_at.0)
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn load_limits(&self) -> Result<Vec<Limit>> {
        let mut all: Vec<Limit> = Vec::new();
        loop {
            let last = all.last().map(|row| [row.project.as_str(), &row.model, &row.measure, &row.window]);
            let [project, model, measure, window] = last.unwrap_or_default();
            let rows = sqlx::query(
                "SELECT * FROM limits WHERE (project_id, model, measure, span) > ($1, $2, $3, $4) \
                 ORDER BY project_id, model, measure, span LIMIT $5",
            )
            .bind(project)
            .bind(model)
            .bind(measure)
            .bind(window)
            .bind(page(PAGE))
            .fetch_all(&self.readers)
            .await?;
            for row in &rows {
                all.push(read_limit(row)?);
            }
            if rows.len() < PAGE {
                return Ok(all);
            }
        }
    }
}

fn read_count(row: &AnyRow) -> Result<DayCount> {
    Ok(DayCount {
        project: row.project("project_id")?,
        model: row.text("model")?,
        day: row.text("day")?,
        requests: row.integer("requests")?,
        tokens: row.integer("tokens")?,
    })
}

fn read_limit(row: &AnyRow) -> Result<Limit> {
    Ok(Limit {
        project: row.project("project_id")?,
        model: row.text("model")?,
        measure: row.text("measure")?,
        window: row.text("span")?,
        value: row.integer("value")?,
        provenance: row.text("provenance")?,
        learned_at: row.moment("learned_at")?,
    })
}
