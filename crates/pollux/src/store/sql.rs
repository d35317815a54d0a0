//! The store in SQL: one text for SQLite and PostgreSQL, run through sqlx's `Any` driver.
//!
//! What both databases understand in the same way, and what not, stands in `docs/postgres.md`; the few differences are
//! [`Kind`] and, for the schema, `migrate.rs`.

mod audit;
mod bodies;
mod contention;
mod counters;
mod keys;
mod migrate;
mod operators;
mod pool;
mod postgres;
mod projects;
mod resources;
mod settings;
mod sqlite;
mod transfer;
mod turns;
mod usage;
mod users;

use std::time::Duration;

use sqlx::Row;
use sqlx::any::AnyRow;

pub(super) use self::migrate::newest_schema;
pub use self::postgres::{PostgresSettings, PostgresUrl};
pub(super) use self::sqlite::url as sqlite_url;
pub use self::sqlite::{SqliteSettings, Synchronous};
pub use self::transfer::TableSum;

use self::pool::{Pool, Transaction};
use self::usage::Texts;
use super::backup::Occupancy;
use super::record::{KeyId, ProjectId, UserId};
use super::{PAGE, Result, StoreError};
use crate::clock::Moment;

/// How long a call waits for a connection before the store counts as unavailable.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    fn begin(self) -> &'static str {
        match self {
            // Takes the write lock at once: a transaction that upgrades later fails instead of waiting.
            Self::Sqlite => "BEGIN IMMEDIATE",
            // Locks rows as it writes them; two that lock each other are told apart in `contention`.
            Self::Postgres => "BEGIN",
        }
    }

    /// `($1, $2), ($3, $4)` for two rows of two columns. SQLite gets `?`: a parameter with a name is looked for among all
    /// that came before it, which takes longer than what the statement does.
    fn parameters(self, rows: usize, columns: usize) -> String {
        let mut list = String::with_capacity(rows * (columns * 3 + 4));
        for place in 0..rows * columns {
            list.push_str(match (place, place % columns) {
                (0, _) => "(",
                (_, 0) => "), (",
                _ => ", ",
            });
            match self {
                Self::Sqlite => list.push('?'),
                Self::Postgres => list.extend(["$", &(place + 1).to_string()]),
            }
        }
        list.push(')');
        list
    }
}

/// The store in a SQL database.
#[derive(Debug)]
pub struct SqlStore {
    writer: Pool,
    readers: Pool,
    kind: Kind,
    texts: Texts,
    /// Keeps restores away.
    occupancy: Occupancy,
}

impl SqlStore {
    async fn begin(&self) -> Result<Transaction> {
        Ok(self.writer.begin(self.kind.begin()).await?)
    }
}

/// PostgreSQL cannot store NUL in a text, so nobody may.
fn clean(field: &'static str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(StoreError::Invalid { field, reason: "must not contain a NUL character" });
    }
    Ok(())
}

fn page(limit: usize) -> i64 {
    i64::try_from(limit.min(PAGE)).unwrap_or(i64::MAX)
}

/// Rows in portions of few sizes: a statement for so many rows is prepared once, and found again by its text.
fn portions<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = [64, 16, 4, 1].into_iter().find(|size| *size <= rows.len())?;
        let (portion, rest) = rows.split_at(size);
        rows = rest;
        Some(portion)
    })
}

/// An update that has to hit one row.
fn one(done: &sqlx::any::AnyQueryResult, kind: &'static str, id: &str) -> Result<()> {
    if done.rows_affected() == 0 { Err(StoreError::missing(kind, id)) } else { Ok(()) }
}

/// Reads columns of a row by name as the program's own types.
trait Columns {
    fn text(&self, name: &str) -> Result<String>;
    fn maybe_text(&self, name: &str) -> Result<Option<String>>;
    fn integer(&self, name: &str) -> Result<i64>;
    fn bytes(&self, name: &str) -> Result<Vec<u8>>;
    fn maybe_moment(&self, name: &str) -> Result<Option<Moment>>;

    fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.integer(name)? != 0)
    }

    fn moment(&self, name: &str) -> Result<Moment> {
        Ok(Moment(self.integer(name)?))
    }

    fn project(&self, name: &str) -> Result<ProjectId> {
        Ok(self.text(name)?.into())
    }

    fn key(&self, name: &str) -> Result<KeyId> {
        Ok(self.text(name)?.into())
    }

    fn user(&self, name: &str) -> Result<UserId> {
        Ok(self.text(name)?.into())
    }

    fn hash(&self, name: &str) -> Result<[u8; 32]> {
        let bytes = self.bytes(name)?;
        bytes.try_into().map_err(|_| StoreError::damaged(format!("`{name}` is not a hash")))
    }
}

impl Columns for AnyRow {
    fn text(&self, name: &str) -> Result<String> {
        Ok(self.try_get(name)?)
    }

    fn maybe_text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.try_get(name)?)
    }

    fn integer(&self, name: &str) -> Result<i64> {
        Ok(self.try_get(name)?)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        Ok(self.try_get(name)?)
    }

    fn maybe_moment(&self, name: &str) -> Result<Option<Moment>> {
        Ok(self.try_get::<Option<i64>, _>(name)?.map(Moment))
    }
}

#[cfg(test)]
mod tests;
