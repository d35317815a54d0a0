//! The log of calls and of their attempts.

use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::super::{Columns, SqlStore, page};
use super::clause::Clause;
use super::text;
use crate::store::usage::{
    Attempt, AttemptFilter, AttemptRow, CallFilter, Counts, Ending, Place, Record, Source, Timings,
};
use crate::store::{Result, StoreError};

const REQUEST: &str = "id, began_ms, ended_ms, user_id, surface, model_asked, model, model_served, streamed, project_id, \
    key_id, attempts, decision, outcome, status, ending, source, input_tokens, cached_tokens, output_tokens, \
    thinking_tokens, tool_use_tokens, cost_microdollars, prepared_ms, queued_ms, upstream_ms, first_event_ms, total_ms, \
    client_address, client_agent";
const ATTEMPT: &str =
    "call_id, ordinal, began_ms, project_id, key_id, model, outcome, status, elapsed_ms, reason, counted";

/// A page of calls, newest first.
pub(super) async fn list(
    store: &SqlStore,
    filter: &CallFilter,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Record>> {
    let CallFilter { from, until, user, key, project, model, outcome } = filter;
    let mut clause = Clause::new(format!("SELECT {REQUEST} FROM requests"));
    clause.is("user_id", user.as_deref());
    clause.is("key_id", key.as_deref());
    clause.is("project_id", project.as_deref());
    clause.is("model", model.as_deref());
    clause.is("outcome", outcome.as_deref());
    clause.number("began_ms", ">=", from.map(|from| from.0));
    clause.number("began_ms", "<", until.map(|until| until.0));
    if let Some(Place { began_ms, id, ordinal: _ }) = after {
        clause.before("began_ms, id", (*began_ms, id), None);
    }
    clause.end(" ORDER BY began_ms DESC, id DESC");
    clause.limit(page(limit));
    clause.query().fetch_all(&store.readers).await?.iter().map(read).collect()
}

/// One call with its attempts.
pub(super) async fn one(store: &SqlStore, id: &str) -> Result<Record> {
    let found = sqlx::query(AssertSqlSafe(format!("SELECT {REQUEST} FROM requests WHERE id = $1")))
        .bind(text(id))
        .fetch_optional(&store.readers)
        .await?;
    let mut record = found.as_ref().map(read).ok_or_else(|| StoreError::missing("request", id))??;
    let mut clause = Clause::new(format!("SELECT {ATTEMPT} FROM attempts"));
    clause.is("call_id", Some(id));
    clause.end(" ORDER BY ordinal");
    clause.limit(page(usize::MAX));
    for row in clause.query().fetch_all(&store.readers).await? {
        let AttemptRow { began_ms, mut attempt, .. } = read_attempt(&row)?;
        attempt.after_ms = began_ms.saturating_sub(record.began_ms);
        record.attempts.push(attempt);
    }
    Ok(record)
}

/// A page of attempts, newest first. How long after its call each began is not told.
pub(super) async fn list_attempts(
    store: &SqlStore,
    filter: &AttemptFilter,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<AttemptRow>> {
    let AttemptFilter { from, until, key, project, model, outcome } = filter;
    let mut clause = Clause::new(format!("SELECT {ATTEMPT} FROM attempts"));
    clause.is("key_id", key.as_deref());
    clause.is("project_id", project.as_deref());
    clause.is("model", model.as_deref());
    clause.is("outcome", outcome.as_deref());
    clause.number("began_ms", ">=", from.map(|from| from.0));
    clause.number("began_ms", "<", until.map(|until| until.0));
    if let Some(Place { began_ms, id, ordinal }) = after {
        clause.before("began_ms, call_id, ordinal", (*began_ms, id), Some(*ordinal));
    }
    clause.end(" ORDER BY began_ms DESC, call_id DESC, ordinal DESC");
    clause.limit(page(limit));
    clause.query().fetch_all(&store.readers).await?.iter().map(read_attempt).collect()
}

fn read(row: &AnyRow) -> Result<Record> {
    let source = row.text("source")?;
    let ending = row.text("ending")?;
    Ok(Record {
        id: row.text("id")?,
        began_ms: row.integer("began_ms")?,
        ended_ms: row.integer("ended_ms")?,
        user: row.text("user_id")?,
        surface: row.text("surface")?,
        model_asked: row.text("model_asked")?,
        model: row.text("model")?,
        model_served: row.text("model_served")?,
        streamed: row.flag("streamed")?,
        project: row.text("project_id")?,
        key: row.text("key_id")?,
        attempts: Vec::new(),
        attempt_count: u32::try_from(row.integer("attempts")?).unwrap_or(u32::MAX),
        decision: row.text("decision")?,
        outcome: row.text("outcome")?,
        status: status(row)?,
        tokens: Counts {
            input: count(row, "input_tokens")?,
            cached: count(row, "cached_tokens")?,
            output: count(row, "output_tokens")?,
            thinking: count(row, "thinking_tokens")?,
            tool_use: count(row, "tool_use_tokens")?,
        },
        source: Source::from_word(&source).ok_or_else(|| odd("source", &source))?,
        cost_microdollars: count(row, "cost_microdollars")?,
        timings: Timings {
            prepared_ms: row.integer("prepared_ms")?,
            queued_ms: row.integer("queued_ms")?,
            upstream_ms: row.integer("upstream_ms")?,
            first_event_ms: row.maybe_moment("first_event_ms")?.map(|ms| ms.0),
            total_ms: row.integer("total_ms")?,
        },
        ending: Ending::from_word(&ending).ok_or_else(|| odd("ending", &ending))?,
        client_address: row.text("client_address")?,
        client_agent: row.text("client_agent")?,
    })
}

fn read_attempt(row: &AnyRow) -> Result<AttemptRow> {
    Ok(AttemptRow {
        call: row.text("call_id")?,
        ordinal: row.integer("ordinal")?,
        began_ms: row.integer("began_ms")?,
        model: row.text("model")?,
        attempt: Attempt {
            after_ms: 0,
            project: row.text("project_id")?,
            key: row.text("key_id")?,
            outcome: row.text("outcome")?,
            status: status(row)?,
            elapsed_ms: row.integer("elapsed_ms")?,
            reason: row.text("reason")?,
            counted: row.flag("counted")?,
        },
    })
}

fn count(row: &AnyRow, name: &str) -> Result<u64> {
    Ok(u64::try_from(row.integer(name)?).unwrap_or(0))
}

fn status(row: &AnyRow) -> Result<u16> {
    Ok(u16::try_from(row.integer("status")?).unwrap_or(0))
}

fn odd(column: &str, word: &str) -> StoreError {
    StoreError::damaged(format!("`{column}` of a request is `{word}`"))
}
