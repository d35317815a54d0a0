//! Brings the schema up to date, one transaction per step.
//!
//! Steps are numbered files in `migrations/`, compiled in. A step that was published is never edited. Steps do not build
//! on each other's order beyond their tables, so that a number may be filled in later.
//!
//! While replicas are exchanged one by one, older programs work on a newer schema. So a step should only add: tables,
//! indexes, columns with a default. One that takes something away or changes what a name means is declared as breaking,
//! and older programs refuse the database from then on.

use sqlx::Row;

use super::{Kind, SqlStore, Transaction};
use crate::clock::Moment;
use crate::store::{Result, StoreError};

/// Every step, one line each, in the order they are taken.
const STEPS: &[Step] = &[
    Step::breaking(1, include_str!("../../../migrations/0001_start.sql")),
    Step::breaking(2, include_str!("../../../migrations/0002_declared.sql")),
    Step::additive(3, include_str!("../../../migrations/0003_usage.sql")),
    Step::additive(4, include_str!("../../../migrations/0004_limits.sql")),
    Step::breaking(5, include_str!("../../../migrations/0005_settings.sql")),
    Step::additive(6, include_str!("../../../migrations/0006_sessions.sql")),
    Step::additive(7, include_str!("../../../migrations/0007_resources.sql")),
    Step::additive(9, include_str!("../../../migrations/0009_keys.sql")),
    Step::additive(10, include_str!("../../../migrations/0010_bodies.sql")),
];

/// The fact that says which step a program must know to use this database: the last one that broke older programs.
const NEEDS: &str = "schema_needs";
/// The name of the lock that migrating programs take: "pollux" in ASCII.
const LOCK: i64 = 0x70_6f_6c_6c_75_78;

struct Step {
    version: i64,
    sql: &'static str,
    breaks: bool,
}

impl Step {
    /// A step after which older programs still work.
    const fn additive(version: i64, sql: &'static str) -> Self {
        Self { version, sql, breaks: false }
    }

    /// A step after which older programs would fail or do harm.
    const fn breaking(version: i64, sql: &'static str) -> Self {
        Self { version, sql, breaks: true }
    }
}

/// The newest version this program knows.
pub(in crate::store) fn newest_schema() -> i64 {
    STEPS.iter().map(|step| step.version).max().unwrap_or_default()
}

impl SqlStore {
    pub(super) async fn migrate(&self, now: Moment) -> Result<()> {
        while self.step(now).await? {}
        Ok(())
    }

    /// Takes the next step; false if there is none. What was taken is read under the lock, so that of programs that
    /// start together one takes each step and the others wait.
    async fn step(&self, now: Moment) -> Result<bool> {
        let mut transaction = self.begin().await?;
        if self.kind == Kind::Postgres {
            // A step may take longer than any statement of daily life, and so may waiting for another program.
            let alone = format!(
                "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                 DO $$ BEGIN PERFORM pg_advisory_xact_lock({LOCK}); END $$"
            );
            transaction.be_patient();
            sqlx::raw_sql(sqlx::AssertSqlSafe(alone)).execute(&mut *transaction).await?;
        }
        let taken = taken(&mut transaction).await?;
        refuse_newer(&mut transaction, &taken).await?;
        let Some(step) = STEPS.iter().find(|step| !taken.contains(&step.version)) else {
            return Ok(false);
        };
        let sql = match self.kind {
            Kind::Sqlite => step.sql.to_owned(),
            Kind::Postgres => for_postgres(step.sql),
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        note(&mut transaction, step, now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn note(transaction: &mut Transaction, step: &Step, now: Moment) -> Result<()> {
    sqlx::query("INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)")
        .bind(step.version)
        .bind(now.0)
        .execute(&mut **transaction)
        .await?;
    if step.breaks {
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sqlx::query(sql).bind(NEEDS).bind(step.version.to_string()).execute(&mut **transaction).await?;
    }
    Ok(())
}

/// The versions of the steps that were taken.
async fn taken(transaction: &mut Transaction) -> Result<Vec<i64>> {
    let table = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
    sqlx::query(table).execute(&mut **transaction).await?;
    let rows = sqlx::query("SELECT version FROM schema_version ORDER BY version LIMIT 10000");
    let rows = rows.fetch_all(&mut **transaction).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// A database on which newer programs took steps is used as long as none of these breaks us.
async fn refuse_newer(transaction: &mut Transaction, taken: &[i64]) -> Result<()> {
    let ours = |version: i64| STEPS.iter().any(|step| step.version == version);
    let Some(found) = taken.iter().copied().filter(|version| !ours(*version)).max() else { return Ok(()) };
    let known = newest_schema();
    let fact = sqlx::query("SELECT value FROM meta WHERE name = $1").bind(NEEDS);
    let fact = fact.fetch_optional(&mut **transaction).await?;
    let needs: Option<String> = fact.map(|row| row.try_get(0)).transpose()?;
    if needs.and_then(|needs| needs.parse().ok()).is_some_and(|needs: i64| !ours(needs)) {
        return Err(StoreError::NewerSchema { found, known });
    }
    tracing::info!(
        found,
        known,
        "the database was upgraded by a newer program, which this one can work beside"
    );
    Ok(())
}

/// The words of a step that PostgreSQL says differently. Text is compared byte by byte there as it is in SQLite,
/// whatever language the database was made for: pages of lists depend on it.
fn for_postgres(sql: &str) -> String {
    let lines = sql.lines().map(|line| {
        let code = line.split_once("--").map_or(line, |(code, _)| code);
        code.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(word).collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A word with the character that ends it.
fn word(piece: &str) -> String {
    let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
    let (word, rest) = piece.split_at(end);
    let said = match word {
        "BLOB" => "BYTEA",
        "TEXT" => "TEXT COLLATE \"C\"",
        other => other,
    };
    format!("{said}{rest}")
}

#[cfg(test)]
pub(super) fn steps() -> usize {
    STEPS.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_only_rise() {
        assert!(STEPS.is_sorted_by(|left, right| left.version < right.version));
    }

    #[test]
    fn types_are_said_as_each_database_says_them() {
        let sql = "CREATE TABLE t ( -- a BLOB\n    a TEXT NOT NULL,\n    b_TEXT BLOB, c TEXT);";
        let said =
            "CREATE TABLE t ( \n    a TEXT COLLATE \"C\" NOT NULL,\n    b_TEXT BYTEA, c TEXT COLLATE \"C\");";
        assert_eq!(for_postgres(sql), said);
    }
}
