//! Adds ended calls to the sums of their hours.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use super::super::{Transaction, portions};
use super::texts::Texts;
use super::{hour_of, text};
use crate::store::Result;
use crate::store::usage::{Record, Sums};

/// The columns of sums that are single numbers, in the order of [`numbers`].
pub(super) const PLAIN: [&str; 9] = [
    "calls",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "thinking_tokens",
    "tool_use_tokens",
    "cost_microdollars",
    "first_ms",
    "total_ms",
];
/// The bins of each histogram.
pub(super) const BINS: usize = 12;

/// Every column of sums.
pub(super) fn columns() -> Vec<String> {
    let bins = |name: &'static str| (0..BINS).map(move |bin| format!("{name}_h{bin:02}"));
    PLAIN.iter().map(|name| (*name).to_owned()).chain(bins("first")).chain(bins("total")).collect()
}

fn numbers(sums: &Sums) -> impl Iterator<Item = i64> {
    let Sums {
        calls,
        input_tokens,
        cached_tokens,
        output_tokens,
        thinking_tokens,
        tool_use_tokens,
        cost_microdollars,
        first_event,
        total,
    } = *sums;
    let counts = [calls, input_tokens, cached_tokens, output_tokens, thinking_tokens, tool_use_tokens];
    let rest = [cost_microdollars, first_event.sum_ms, total.sum_ms];
    counts.into_iter().chain(rest).chain(first_event.bins).chain(total.bins)
}

/// Adds these calls to the sums. Rows are written in the order of their keys, so that two gateways cannot wait for each
/// other.
pub(super) async fn add((transaction, texts): (&mut Transaction, &Texts), records: &[&Record]) -> Result<()> {
    let mut hours: BTreeMap<(i64, [String; 5]), Sums> = BTreeMap::new();
    let mut facets: BTreeMap<([String; 2], i64, String), Sums> = BTreeMap::new();
    for record in records {
        let sums = Sums::of(record);
        let hour = hour_of(record.began_ms);
        let Record { user, project, key, model, outcome, .. } = *record;
        let names = [project, key, user, model, outcome].map(|name| text(name));
        hours.entry((hour, names)).or_default().absorb(&sums);
        let all = String::new();
        for (facet, name) in
            [("all", &all), ("project", project), ("key", key), ("user", user), ("model", model)]
        {
            let place = ([facet.to_owned(), text(name)], hour, text(outcome));
            facets.entry(place).or_default().absorb(&sums);
        }
    }
    let hours: Vec<_> = hours.into_iter().collect();
    for rows in portions(&hours) {
        let key = ["hour", "project_id", "key_id", "user_id", "model", "outcome"];
        let mut upsert = sqlx::query(upsert(texts, "usage_hours", &key, rows.len()));
        for ((hour, names), sums) in rows {
            upsert = names.iter().fold(upsert.bind(*hour), |upsert, name| upsert.bind(name.clone()));
            upsert = bind(upsert, sums);
        }
        upsert.execute(&mut **transaction).await?;
    }
    let facets: Vec<_> = facets.into_iter().collect();
    for rows in portions(&facets) {
        let key = ["facet", "name", "hour", "outcome"];
        let mut upsert = sqlx::query(upsert(texts, "usage_facets", &key, rows.len()));
        for ((names, hour, outcome), sums) in rows {
            upsert = names.iter().fold(upsert, |upsert, name| upsert.bind(name.clone()));
            upsert = bind(upsert.bind(*hour).bind(outcome.clone()), sums);
        }
        upsert.execute(&mut **transaction).await?;
    }
    Ok(())
}

fn bind(upsert: Query<'static, Any, AnyArguments>, sums: &Sums) -> Query<'static, Any, AnyArguments> {
    numbers(sums).fold(upsert, Query::bind)
}

fn upsert(texts: &Texts, table: &'static str, key: &[&str], rows: usize) -> AssertSqlSafe<Arc<str>> {
    texts.of(table, (rows, key.len() + PLAIN.len() + 2 * BINS), |values| {
        let (key, columns) = (key.join(", "), columns());
        let added: Vec<String> =
            columns.iter().map(|column| format!("{column} = {table}.{column} + excluded.{column}")).collect();
        let (columns, added) = (columns.join(", "), added.join(", "));
        format!(
            "INSERT INTO {table} ({key}, {columns}) VALUES {values} ON CONFLICT ({key}) DO UPDATE SET {added}"
        )
    })
}
