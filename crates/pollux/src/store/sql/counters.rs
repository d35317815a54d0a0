//! Day counters and learned limits in SQL.

use async_trait::async_trait;
use sqlx::Any;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;

use super::contention::{in_order, settled};
use super::{Columns, SqlStore, clean, page};
use crate::store::record::{DayCount, Limit, LimitFilter, ProjectId};
use crate::store::{Counters, PAGE, Result};

#[async_trait]
impl Counters for SqlStore {
    async fn add_to_days(&self, counts: &[DayCount]) -> Result<()> {
        if counts.is_empty() {
            return Ok(());
        }
        let counts = in_order(counts, |count| (&count.day, &count.project, &count.model));
        settled(|| self.add_in_order(&counts)).await
    }

    async fn load_day(&self, day: &str) -> Result<Vec<DayCount>> {
        clean("day", day)?;
        let mut all: Vec<DayCount> = Vec::new();
        loop {
            let (project, model) =
                all.last().map_or(("", ""), |row| (row.project.as_str(), row.model.as_str()));
            let rows = sqlx::query(
                "SELECT project_id, model, day, requests, tokens FROM buckets WHERE day = $1 AND (project_id, model) > ($2, $3) \
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

    async fn replace_limits(&self, gone: &[Limit], limits: &[Limit]) -> Result<()> {
        if gone.is_empty() && limits.is_empty() {
            return Ok(());
        }
        let (gone, limits) = (in_order(gone, place), in_order(limits, place));
        settled(|| self.replace_in_order(&gone, &limits)).await
    }

    async fn list_limits(
        &self,
        filter: &LimitFilter,
        after: Option<&Limit>,
        limit: usize,
    ) -> Result<Vec<Limit>> {
        let LimitFilter { project, model } = filter;
        let only = project.as_ref().map_or("", |project| project_or_all(project.as_ref()));
        clean("model", model.as_deref().unwrap_or_default())?;
        let select = "SELECT project_id, model, measure, span, provenance, value, learned_at FROM limits WHERE (project_id, model, measure, span, provenance) > ($1, $2, $3, $4, $5) \
             AND ($6 = '' OR project_id = $6) AND ($7 = '' OR model = $7) \
             ORDER BY project_id, model, measure, span, provenance LIMIT $8";
        let select = match after {
            Some(after) => name(select, after)?,
            None => ["", "", "", "", ""].iter().fold(sqlx::query(select), |query, text| query.bind(*text)),
        };
        let select = select.bind(only).bind(model.as_deref().unwrap_or_default()).bind(page(limit));
        select.fetch_all(&self.readers).await?.iter().map(read_limit).collect()
    }
}

impl SqlStore {
    async fn add_in_order(&self, counts: &[&DayCount]) -> Result<()> {
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

    async fn replace_in_order(&self, gone: &[&Limit], limits: &[&Limit]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for limit in gone {
            let delete = "DELETE FROM limits WHERE project_id = $1 AND model = $2 AND measure = $3 AND span = $4 \
                          AND provenance = $5";
            name(delete, limit)?.execute(&mut *transaction).await?;
        }
        for limit in limits {
            let insert = "INSERT INTO limits (project_id, model, measure, span, provenance, value, learned_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project_id, model, measure, span, provenance) \
                 DO UPDATE SET value = excluded.value, learned_at = excluded.learned_at";
            let insert = name(insert, limit)?.bind(limit.value).bind(limit.learned_at.0);
            insert.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// What names a limit, in the order of the table's key.
fn place(limit: &Limit) -> (&str, &str, &str, &str, &str) {
    let Limit { project, model, measure, window, provenance, .. } = limit;
    (project_or_all(project.as_ref()), model, measure, window, provenance)
}

/// How the limits of all projects are kept: no id looks like that.
const ALL: &str = "*";

fn project_or_all(project: Option<&ProjectId>) -> &str {
    project.map_or(ALL, ProjectId::as_str)
}

/// A statement with what names a limit bound to its first places.
fn name<'a>(statement: &'static str, limit: &'a Limit) -> Result<Query<'a, Any, AnyArguments>> {
    let Limit { project, model, measure, window, value: _, provenance, learned_at: _ } = limit;
    for (field, text) in
        [("model", model), ("measure", measure), ("window", window), ("provenance", provenance)]
    {
        clean(field, text)?;
    }
    let query = sqlx::query(statement).bind(project_or_all(project.as_ref()));
    Ok(query.bind(model.as_str()).bind(measure.as_str()).bind(window.as_str()).bind(provenance.as_str()))
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
        project: Some(row.project("project_id")?).filter(|project| project.as_str() != ALL),
        model: row.text("model")?,
        measure: row.text("measure")?,
        window: row.text("span")?,
        value: row.integer("value")?,
        provenance: row.text("provenance")?,
        learned_at: row.moment("learned_at")?,
    })
}
