//! What operators did, in SQL.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::{Columns, SqlStore, clean, page};
use crate::clock::Moment;
use crate::store::record::{AuditFilter, AuditRow};
use crate::store::{Audit, PAGE, Result};

const COLUMNS: &str = "id, at, operator, via, address, action, object, status, changes";

#[async_trait]
impl Audit for SqlStore {
    async fn insert_audit(&self, rows: &[AuditRow]) -> Result<()> {
        for rows in rows.chunks(100) {
            let list = self.kind.parameters(rows.len(), 9);
            let sql = format!("INSERT INTO audit ({COLUMNS}) VALUES {list} ON CONFLICT (id) DO NOTHING");
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for row in rows {
                let AuditRow { id, at, operator, via, address, action, object, status, changes } = row;
                for text in [operator, address, object, changes] {
                    clean("audit", text)?;
                }
                query = query
                    .bind(id.as_str())
                    .bind(at.0)
                    .bind(operator.as_str())
                    .bind(via.as_str())
                    .bind(address.as_str())
                    .bind(action.as_str())
                    .bind(object.as_str())
                    .bind(i64::from(*status))
                    .bind(changes.as_str());
            }
            query.execute(&self.writer).await?;
        }
        Ok(())
    }

    async fn list_audit(
        &self,
        filter: &AuditFilter,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AuditRow>> {
        let AuditFilter { operator, action, object, since, until } = filter;
        let mut sql = format!("SELECT {COLUMNS} FROM audit WHERE at >= $1 AND at < $2");
        let texts = [("id <", before), ("operator =", operator.as_deref())];
        let texts =
            texts.into_iter().chain([("action =", action.as_deref()), ("object =", object.as_deref())]);
        let mut given = Vec::new();
        for (test, text) in texts {
            let Some(text) = text else { continue };
            clean("filter", text)?;
            given.push(text);
            sql = format!("{sql} AND {test} ${}", given.len() + 2);
        }
        sql = format!("{sql} ORDER BY id DESC LIMIT ${}", given.len() + 3);
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(since.map_or(i64::MIN, |at| at.0))
            .bind(until.map_or(i64::MAX, |at| at.0));
        for text in given {
            query = query.bind(text);
        }
        query.bind(page(limit)).fetch_all(&self.readers).await?.iter().map(read).collect()
    }

    async fn forget_audit(&self, before: Moment) -> Result<u64> {
        let sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY id LIMIT $2)";
        let done = sqlx::query(sql).bind(before.0).bind(page(PAGE)).execute(&self.writer).await?;
        Ok(done.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<AuditRow> {
    Ok(AuditRow {
        id: row.text("id")?,
        at: row.moment("at")?,
        operator: row.text("operator")?,
        via: row.text("via")?,
        address: row.text("address")?,
        action: row.text("action")?,
        object: row.text("object")?,
        status: u16::try_from(row.integer("status")?).unwrap_or_default(),
        changes: row.text("changes")?,
    })
}
