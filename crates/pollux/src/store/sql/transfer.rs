//! From one database to another: every table, row by row, whatever kind either is.
//!
//! Rows are written over what an earlier try left, and how far a table came is noted with each portion, in the same
//! transaction, so a transfer that was broken off goes on there. Afterwards both databases are counted and summed up; a
//! table that differs, because somebody wrote meanwhile, is emptied and copied once more.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::any::{AnyArguments, AnyRow, AnyTypeInfoKind};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Column, Row, ValueRef};

use super::{Kind, SqlStore};
use crate::store::{Keys, Result, Settings, StoreError, Users};

/// Rows that are copied in one transaction.
const PORTION: usize = 200;
/// The fact that a database is the target of a transfer, and whether a gateway has begun to use it since.
const MARK: &str = "transfer";
/// No gateway uses it yet: another run may write over it.
const OPEN: &str = "open";
/// A gateway has begun to use it.
const USED: &str = "used";
/// What the facts begin with that say how far a table came.
const PROGRESS: &str = "transfer:";

/// Every table and its primary key, so that whoever is referred to comes first. `schema_version` is each database's own.
const TABLES: &[(&str, &[&str])] = &[
    ("projects", &["id"]),
    ("keys", &["id"]),
    ("users", &["id"]),
    ("buckets", &["day", "project_id", "model"]),
    ("limits", &["project_id", "model", "measure", "span", "provenance"]),
    ("operators", &["id"]),
    ("sessions", &["id"]),
    ("audit", &["id"]),
    ("settings_versions", &["version"]),
    ("usage_marks", &["journal"]),
    ("usage_events", &["id"]),
    ("usage_hours", &["hour", "project_id", "key_id", "user_id", "model", "outcome"]),
    ("usage_facets", &["facet", "name", "hour", "outcome"]),
    ("requests", &["id"]),
    ("attempts", &["call_id", "ordinal"]),
    ("bodies", &["call_id"]),
    ("turns", &["id"]),
    ("resources", &["name", "user_id"]),
    ("meta", &["name"]),
];

/// What a table holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSum {
    /// The table.
    pub table: &'static str,
    /// How many rows.
    pub rows: u64,
    /// Of all rows, in whatever order; equal for equal rows in databases of different kinds.
    pub checksum: String,
}

/// One value of a row. The kind of column goes along, for a NULL has to be of one as well.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Whole(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

type Cells = Vec<(String, Cell)>;

impl SqlStore {
    /// What every table holds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn table_sums(&self) -> Result<Vec<TableSum>> {
        let mut sums = Vec::with_capacity(TABLES.len());
        for (table, key) in TABLES {
            sums.push(self.table_sum(table, key).await?);
        }
        Ok(sums)
    }

    /// Copies everything to another database, which must be empty or the target of an earlier try. `told` hears of each
    /// table that is done. What both hold in the end.
    ///
    /// # Errors
    /// When either database does not answer, the target is in use, or somebody goes on writing.
    pub async fn copy_to(&self, target: &Self, told: &(dyn Fn(&TableSum) + Sync)) -> Result<Vec<TableSum>> {
        target.claim().await?;
        for (table, key) in TABLES {
            self.copy_table(target, table, key).await?;
        }
        let mut sums = Vec::with_capacity(TABLES.len());
        for (table, key) in TABLES {
            let mut here = self.table_sum(table, key).await?;
            if target.table_sum(table, key).await? != here {
                // Somebody wrote meanwhile, or between two tries.
                target.empty(table).await?;
                self.copy_table(target, table, key).await?;
                here = self.table_sum(table, key).await?;
                if target.table_sum(table, key).await? != here {
                    return Err(StoreError::Conflict {
                        what: "a table that is written to; stop the gateway, try again: it",
                    });
                }
            }
            told(&here);
            sums.push(here);
        }
        target.release().await?;
        Ok(sums)
    }

    /// A gateway begins to use this database: no transfer may write over it from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_use(&self) -> Result<()> {
        if self.meta(MARK).await?.is_some_and(|mark| mark == OPEN) {
            self.put_meta(MARK, USED).await?;
        }
        Ok(())
    }

    /// Makes this database the target of a transfer.
    async fn claim(&self) -> Result<()> {
        let claimed = self.meta(MARK).await?.is_some_and(|mark| mark == OPEN);
        let empty = self.load_users().await?.is_empty() && self.load_keys().await?.is_empty();
        if !claimed && !empty {
            return Err(StoreError::Conflict {
                what: "the target, which has users or keys already; name an empty one: it",
            });
        }
        self.put_meta(MARK, OPEN).await
    }

    /// The transfer is whole: the next one begins anew.
    async fn release(&self) -> Result<()> {
        let sql = format!("DELETE FROM meta WHERE name LIKE '{PROGRESS}%'");
        sqlx::query(AssertSqlSafe(sql)).execute(&self.writer).await?;
        Ok(())
    }

    async fn empty(&self, table: &str) -> Result<()> {
        let mut transaction = self.begin().await?;
        // The mark of the transfer outlives the table it stands in.
        let kept = if table == "meta" { format!(" WHERE name NOT LIKE '{MARK}%'") } else { String::new() };
        let sql = format!("DELETE FROM {table}{kept}");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM meta WHERE name = $1")
            .bind(format!("{PROGRESS}{table}"))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn copy_table(&self, target: &Self, table: &'static str, key: &[&str]) -> Result<()> {
        let progress = target.meta(&format!("{PROGRESS}{table}")).await?;
        let mut after: Option<Vec<Cell>> = progress.and_then(|text| read_key(&text));
        loop {
            let rows = self.portion(table, key, after.as_deref()).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            let place = key_of(last, key);
            target.write(table, key, &rows, &place).await?;
            if rows.len() < PORTION {
                return Ok(());
            }
            after = Some(place);
        }
    }

    /// What a table's columns are called: that is the schema's business, and both have the same one.
    async fn columns(&self, table: &str) -> Result<Vec<String>> {
        let sql = match self.kind {
            Kind::Sqlite => "SELECT CAST(name AS TEXT) FROM pragma_table_info($1)",
            Kind::Postgres => {
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns \
                 WHERE table_name = $1 AND table_schema = current_schema() ORDER BY ordinal_position"
            }
        };
        let rows = sqlx::query(sql).bind(table).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// The rows that follow in the order of the primary key, whatever this database takes for order.
    async fn portion(&self, table: &str, key: &[&str], after: Option<&[Cell]>) -> Result<Vec<Cells>> {
        let list = key.join(", ");
        let bound = match after {
            Some(after) => format!(" WHERE ({list}) > {}", self.kind.parameters(1, after.len())),
            None => String::new(),
        };
        let columns = self.columns(table).await?.join(", ");
        let sql = format!("SELECT {columns} FROM {table}{bound} ORDER BY {list} LIMIT {PORTION}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for cell in after.unwrap_or_default() {
            query = bound_to(query, cell);
        }
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(cells).collect()
    }

    /// Writes rows over what is there, and notes how far the table came.
    async fn write(&self, table: &str, key: &[&str], rows: &[Cells], place: &[Cell]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for row in rows.iter().filter(|row| table != "meta" || !is_own(row)) {
            let names: Vec<&str> = row.iter().map(|(name, _)| name.as_str()).collect();
            let rest: Vec<String> = names
                .iter()
                .filter(|name| !key.contains(name))
                .map(|name| format!("{name} = excluded.{name}"))
                .collect();
            let clash = if rest.is_empty() {
                "NOTHING".to_owned()
            } else {
                format!("UPDATE SET {}", rest.join(", "))
            };
            let sql = format!(
                "INSERT INTO {table} ({}) VALUES {} ON CONFLICT ({}) DO {clash}",
                names.join(", "),
                self.kind.parameters(1, names.len()),
                key.join(", "),
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (_, cell) in row {
                query = bound_to(query, cell);
            }
            query.execute(&mut *transaction).await?;
        }
        sqlx::query("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            .bind(format!("{PROGRESS}{table}"))
            .bind(write_key(place))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn table_sum(&self, table: &'static str, key: &[&str]) -> Result<TableSum> {
        let (mut rows, mut sum, mut after) = (0, 0_u128, None::<Vec<Cell>>);
        loop {
            let portion = self.portion(table, key, after.as_deref()).await?;
            for row in portion.iter().filter(|row| table != "meta" || !is_own(row)) {
                rows += 1;
                sum = sum.wrapping_add(digest(row));
            }
            match portion.last() {
                Some(last) if portion.len() == PORTION => after = Some(key_of(last, key)),
                _ => return Ok(TableSum { table, rows, checksum: format!("{sum:032x}") }),
            }
        }
    }
}

/// Facts that a database has for itself: of the transfer, and of its own schema.
fn is_own(row: &Cells) -> bool {
    row.iter().any(|(name, cell)| {
        name == "name"
            && matches!(cell, Cell::Text(Some(fact)) if fact.starts_with(MARK) || fact.starts_with("schema"))
    })
}

fn key_of(row: &Cells, key: &[&str]) -> Vec<Cell> {
    let cell = |name: &&str| row.iter().find(|(column, _)| column == name).map(|(_, cell)| cell.clone());
    key.iter().filter_map(cell).collect()
}

/// A row's fingerprint: its values by the names of their columns.
fn digest(row: &Cells) -> u128 {
    let sorted: BTreeMap<&str, &Cell> = row.iter().map(|(name, cell)| (name.as_str(), cell)).collect();
    let mut hash = Sha256::new();
    for (name, cell) in sorted {
        let value: Option<Vec<u8>> = match cell {
            Cell::Whole(value) => value.map(|value| value.to_be_bytes().to_vec()),
            Cell::Text(value) => value.as_ref().map(|value| value.as_bytes().to_vec()),
            Cell::Bytes(value) => value.clone(),
        };
        hash.update(name);
        hash.update([0, u8::from(value.is_some())]);
        let value = value.unwrap_or_default();
        hash.update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(value);
    }
    let whole: [u8; 32] = hash.finalize().into();
    whole.iter().take(16).fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}

fn cells(row: &AnyRow) -> Result<Cells> {
    let cell = |column: &<Any as sqlx::Database>::Column| {
        let (name, place) = (column.name().to_owned(), column.ordinal());
        let null = row.try_get_raw(place)?.is_null();
        let cell = match column.type_info().kind() {
            AnyTypeInfoKind::Text => Cell::Text(if null { None } else { Some(row.try_get(place)?) }),
            AnyTypeInfoKind::Blob => Cell::Bytes(if null { None } else { Some(row.try_get(place)?) }),
            _ => Cell::Whole(if null { None } else { Some(row.try_get(place)?) }),
        };
        Ok((name, cell))
    };
    row.columns().iter().map(cell).collect()
}

fn bound_to<'q>(query: Query<'q, Any, AnyArguments>, cell: &Cell) -> Query<'q, Any, AnyArguments> {
    match cell {
        Cell::Whole(value) => query.bind(*value),
        Cell::Text(value) => query.bind(value.clone()),
        Cell::Bytes(value) => query.bind(value.clone()),
    }
}

/// A place in a table as text. Keys are whole numbers and texts.
fn write_key(place: &[Cell]) -> String {
    let values = place.iter().map(|cell| match cell {
        Cell::Whole(value) => serde_json::Value::from(*value),
        Cell::Text(value) => serde_json::Value::from(value.clone()),
        Cell::Bytes(_) => serde_json::Value::Null,
    });
    values.collect::<serde_json::Value>().to_string()
}

fn read_key(text: &str) -> Option<Vec<Cell>> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let cell = |value: serde_json::Value| match value {
        serde_json::Value::Number(number) => Some(Cell::Whole(number.as_i64())),
        serde_json::Value::String(text) => Some(Cell::Text(Some(text))),
        _ => None,
    };
    values.into_iter().map(cell).collect()
}

#[cfg(test)]
mod tests;
