//! What calls used together, read from the hourly sums.

use sqlx::any::AnyRow;

use super::super::{Columns, SqlStore, page};
use super::clause::Clause;
use super::rollup::{BINS, PLAIN, columns};
use super::{HOUR_MS, hour_of};
use crate::clock::Moment;
use crate::store::Result;
use crate::store::record::UserId;
use crate::store::usage::{By, Group, Spread, Sums, UsageFilter};

/// The counts without the durations.
const COUNTS: &[&str] = PLAIN.split_at(7).0;

/// PostgreSQL sums whole numbers up to a decimal, and nothing to NULL.
fn summed<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    let sums = columns.into_iter().map(|name| format!("CAST(COALESCE(SUM({name}), 0) AS BIGINT) AS {name}"));
    sums.collect::<Vec<_>>().join(", ")
}

/// What each user used; see the port.
pub(super) async fn by_user(
    store: &SqlStore,
    since: Option<Moment>,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<(UserId, Sums)>> {
    let since = since.map_or(i64::MIN, |since| since.0);
    let whole = next_hour(since);
    let counts = COUNTS.join(", ");
    let single = COUNTS.iter().map(|name| if *name == "calls" { "1 AS calls" } else { *name });
    let sql = format!(
        "SELECT name, {sums} FROM (\
         SELECT name, {counts} FROM usage_facets WHERE facet = 'user' AND hour >= $1 AND name > $3 \
         UNION ALL SELECT user_id AS name, {single} FROM usage_events \
         WHERE began_ms >= $2 AND began_ms < $1 AND user_id > $3) AS used \
         GROUP BY name ORDER BY name LIMIT $4",
        sums = summed(COUNTS.iter().copied()),
        single = single.collect::<Vec<_>>().join(", "),
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(whole)
        .bind(since)
        .bind(after.map_or("", UserId::as_str).to_owned())
        .bind(page(limit))
        .fetch_all(&store.readers)
        .await?;
    rows.iter().map(|row| Ok((row.user("name")?, read_counts(row)?))).collect()
}

/// The first start of an hour that is not before a moment.
fn next_hour(ms: i64) -> i64 {
    if ms.rem_euclid(HOUR_MS) == 0 || ms == i64::MIN { ms } else { hour_of(ms).saturating_add(HOUR_MS) }
}

/// What all calls of a filter used.
pub(super) async fn all(store: &SqlStore, filter: &UsageFilter) -> Result<Sums> {
    let columns = columns();
    let sums = summed(columns.iter().map(String::as_str));
    let (clause, _) = from(&format!("SELECT {sums}"), filter, None);
    read(&clause.query().fetch_one(&store.readers).await?)
}

/// What they used, by group.
pub(super) async fn grouped(
    store: &SqlStore,
    filter: &UsageFilter,
    (by, after): (By, Option<&Group>),
    limit: usize,
) -> Result<Vec<(Group, Sums)>> {
    let columns = columns();
    let sums = summed(columns.iter().map(String::as_str));
    let (mut clause, group) = from(&format!("SELECT {sums}"), filter, Some(by));
    match after {
        Some(Group::Hour(hour)) => clause.number(group, ">", Some(*hour)),
        Some(Group::Name(name)) => clause.after(group, Some(name)),
        None => {}
    }
    clause.end(&format!(" GROUP BY {group} ORDER BY {group}"));
    clause.limit(page(limit));
    let rows = clause.query().fetch_all(&store.readers).await?;
    let group = |row: &AnyRow| -> Result<Group> {
        match by {
            By::Hour => Ok(Group::Hour(row.integer("grouped_by")?)),
            By::Project | By::Key | By::User | By::Model | By::Outcome => {
                Ok(Group::Name(row.text("grouped_by")?))
            }
        }
    };
    rows.iter().map(|row| Ok((group(row)?, read(row)?))).collect()
}

/// The statement up to its conditions, from the smallest table that has what is asked; and the column to group by.
fn from(select: &str, filter: &UsageFilter, by: Option<By>) -> (Clause, &'static str) {
    let UsageFilter { from, until, user, key, project, model, outcome } = filter;
    let sides = [
        ("project", "project_id", project, By::Project),
        ("key", "key_id", key, By::Key),
        ("user", "user_id", user, By::User),
        ("model", "model", model, By::Model),
    ];
    let mut needed = sides.iter().filter(|(.., wanted, side)| wanted.is_some() || by == Some(*side));
    let (first, second) = (needed.next(), needed.next());
    let one_side = second.is_none();
    let group = match by {
        None | Some(By::Outcome) => "outcome",
        Some(By::Hour) => "hour",
        Some(_) if one_side => "name",
        Some(By::Project) => "project_id",
        Some(By::Key) => "key_id",
        Some(By::User) => "user_id",
        Some(By::Model) => "model",
    };
    let table = if one_side { "usage_facets" } else { "usage_hours" };
    let shown = if by.is_some() { format!(", {group} AS grouped_by") } else { String::new() };
    let mut clause = Clause::new(format!("{select}{shown} FROM {table}"));
    if one_side {
        clause.is("facet", Some(first.map_or("all", |(facet, ..)| *facet)));
        clause.is("name", first.and_then(|(.., wanted, _)| wanted.as_deref()));
    } else {
        for (_, column, wanted, _) in sides {
            clause.is(column, wanted.as_deref());
        }
    }
    clause.number("hour", ">=", from.map(|from| hour_of(from.0)));
    clause.number("hour", "<", until.map(|until| until.0));
    clause.is("outcome", outcome.as_deref());
    (clause, group)
}

fn read_counts(row: &AnyRow) -> Result<Sums> {
    Ok(Sums {
        calls: row.integer("calls")?,
        input_tokens: row.integer("input_tokens")?,
        cached_tokens: row.integer("cached_tokens")?,
        output_tokens: row.integer("output_tokens")?,
        thinking_tokens: row.integer("thinking_tokens")?,
        tool_use_tokens: row.integer("tool_use_tokens")?,
        cost_microdollars: row.integer("cost_microdollars")?,
        ..Sums::default()
    })
}

fn read(row: &AnyRow) -> Result<Sums> {
    Ok(Sums { first_event: spread(row, "first")?, total: spread(row, "total")?, ..read_counts(row)? })
}

fn spread(row: &AnyRow, name: &str) -> Result<Spread> {
    let mut bins = [0; BINS];
    for (number, bin) in bins.iter_mut().enumerate() {
        *bin = row.integer(&format!("{name}_h{number:02}"))?;
    }
    Ok(Spread { sum_ms: row.integer(&format!("{name}_ms"))?, bins })
}
