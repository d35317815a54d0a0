//! Puts ended calls into their tables.

use std::collections::HashSet;

use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use super::super::{Columns, Transaction, portions};
use super::text;
use super::texts::Texts;
use crate::store::Result;
use crate::store::usage::{Attempt, Record, Sums};

type Insert = Query<'static, Any, AnyArguments>;

/// Adds usage events; answers the records that were not there yet.
pub(super) async fn events<'a>(
    (transaction, texts): (&mut Transaction, &Texts),
    records: &[&'a Record],
) -> Result<Vec<&'a Record>> {
    let mut new = Vec::with_capacity(records.len());
    for records in portions(records) {
        let sql = texts.of("usage_events", (records.len(), 14), |values| {
            format!(
                "INSERT INTO usage_events (id, began_ms, user_id, project_id, key_id, model, outcome, source, \
                 input_tokens, cached_tokens, output_tokens, thinking_tokens, tool_use_tokens, cost_microdollars) \
                 VALUES {values} ON CONFLICT (id) DO NOTHING RETURNING id"
            )
        });
        let insert = records.iter().fold(sqlx::query(sql), |insert, record| {
            let who = [&record.user, &record.project, &record.key, &record.model, &record.outcome];
            let insert = insert.bind(text(&record.id)).bind(record.began_ms);
            let insert = who.into_iter().fold(insert, |insert, who| insert.bind(text(who)));
            counts(insert.bind(record.source.as_str()), record)
        });
        let rows = insert.fetch_all(&mut **transaction).await?;
        let mut added = rows.iter().map(|row| row.text("id")).collect::<Result<HashSet<String>>>()?;
        new.extend(records.iter().filter(|record| added.remove(&text(&record.id))).copied());
    }
    Ok(new)
}

/// The tokens and the cost.
fn counts(insert: Insert, record: &Record) -> Insert {
    let sums = Sums::of(record);
    insert
        .bind(sums.input_tokens)
        .bind(sums.cached_tokens)
        .bind(sums.output_tokens)
        .bind(sums.thinking_tokens)
        .bind(sums.tool_use_tokens)
        .bind(sums.cost_microdollars)
}

/// Adds calls to the log.
pub(super) async fn calls(
    (transaction, texts): (&mut Transaction, &Texts),
    records: &[&Record],
) -> Result<()> {
    for records in portions(records) {
        let sql = texts.of("requests", (records.len(), 30), |values| {
            format!(
                "INSERT INTO requests (id, began_ms, ended_ms, user_id, surface, model_asked, model, model_served, \
                 streamed, project_id, key_id, attempts, decision, outcome, status, ending, source, input_tokens, \
                 cached_tokens, output_tokens, thinking_tokens, tool_use_tokens, cost_microdollars, prepared_ms, \
                 queued_ms, upstream_ms, first_event_ms, total_ms, client_address, client_agent) \
                 VALUES {values} ON CONFLICT (id) DO NOTHING"
            )
        });
        let insert = records.iter().fold(sqlx::query(sql), |insert, record| call(insert, record));
        insert.execute(&mut **transaction).await?;
    }
    Ok(())
}

fn call(insert: Insert, record: &Record) -> Insert {
    let insert = insert
        .bind(text(&record.id))
        .bind(record.began_ms)
        .bind(record.ended_ms)
        .bind(text(&record.user))
        .bind(text(&record.surface))
        .bind(text(&record.model_asked))
        .bind(text(&record.model))
        .bind(text(&record.model_served))
        .bind(i64::from(record.streamed))
        .bind(text(&record.project))
        .bind(text(&record.key))
        .bind(i64::from(record.attempt_count))
        .bind(text(&record.decision))
        .bind(text(&record.outcome))
        .bind(i64::from(record.status))
        .bind(record.ending.as_str())
        .bind(record.source.as_str());
    let timings = &record.timings;
    counts(insert, record)
        .bind(timings.prepared_ms)
        .bind(timings.queued_ms)
        .bind(timings.upstream_ms)
        .bind(timings.first_event_ms)
        .bind(timings.total_ms)
        .bind(text(&record.client_address))
        .bind(text(&record.client_agent))
}

/// Adds their attempts.
pub(super) async fn attempts(
    (transaction, texts): (&mut Transaction, &Texts),
    records: &[&Record],
) -> Result<()> {
    let all: Vec<(&Record, i64, &Attempt)> = records
        .iter()
        .flat_map(|record| (0..).zip(&record.attempts).map(|(ordinal, attempt)| (*record, ordinal, attempt)))
        .collect();
    for attempts in portions(&all) {
        let sql = texts.of("attempts", (attempts.len(), 11), |values| {
            format!(
                "INSERT INTO attempts (call_id, ordinal, began_ms, project_id, key_id, model, outcome, status, \
                 elapsed_ms, reason, counted) VALUES {values} ON CONFLICT (call_id, ordinal) DO NOTHING"
            )
        });
        let mut insert = sqlx::query(sql);
        for (record, ordinal, attempt) in attempts {
            let Attempt { after_ms, project, key, outcome, status, elapsed_ms, reason, counted } = attempt;
            insert = insert
                .bind(text(&record.id))
                .bind(*ordinal)
                .bind(record.began_ms.saturating_add(*after_ms))
                .bind(text(project))
                .bind(text(key))
                .bind(text(&record.model))
                .bind(text(outcome))
                .bind(i64::from(*status))
                .bind(*elapsed_ms)
                .bind(text(reason))
                .bind(i64::from(*counted));
        }
        insert.execute(&mut **transaction).await?;
    }
    Ok(())
}
