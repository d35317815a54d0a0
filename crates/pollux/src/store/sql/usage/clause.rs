//! A `WHERE` clause in the making: conditions that are asked for, and the values that belong to them.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use super::text;

enum Value {
    Text(String),
    Integer(i64),
}

/// A statement whose conditions depend on what was asked.
pub(super) struct Clause {
    sql: String,
    values: Vec<Value>,
    has_condition: bool,
}

impl Clause {
    /// Begins with everything before `WHERE`.
    pub(super) fn new(sql: String) -> Self {
        Self { sql, values: Vec::new(), has_condition: false }
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(if self.has_condition { " AND " } else { " WHERE " });
        self.has_condition = true;
        self.sql.push_str(condition);
    }

    fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// `column` is this text, if there is one.
    pub(super) fn is(&mut self, column: &'static str, wanted: Option<&str>) {
        if let Some(wanted) = wanted {
            let place = self.place(Value::Text(text(wanted)));
            self.and(&format!("{column} = {place}"));
        }
    }

    /// `column` compares like this with a number, if there is one.
    pub(super) fn number(&mut self, column: &'static str, comparison: &'static str, wanted: Option<i64>) {
        if let Some(wanted) = wanted {
            let place = self.place(Value::Integer(wanted));
            self.and(&format!("{column} {comparison} {place}"));
        }
    }

    /// `column` comes after this text, if there is one.
    pub(super) fn after(&mut self, column: &'static str, wanted: Option<&str>) {
        if let Some(wanted) = wanted {
            let place = self.place(Value::Text(text(wanted)));
            self.and(&format!("{column} > {place}"));
        }
    }

    /// The row comes before a place, told by its time, its id, and maybe a number.
    pub(super) fn before(&mut self, columns: &'static str, (ms, id): (i64, &str), ordinal: Option<i64>) {
        let ms = self.place(Value::Integer(ms));
        let id = self.place(Value::Text(text(id)));
        let ordinal = ordinal.map_or_else(String::new, |ordinal| {
            let place = self.place(Value::Integer(ordinal));
            format!(", {place}")
        });
        self.and(&format!("({columns}) < ({ms}, {id}{ordinal})"));
    }

    /// What follows the conditions.
    pub(super) fn end(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// `LIMIT`.
    pub(super) fn limit(&mut self, rows: i64) {
        let place = self.place(Value::Integer(rows));
        self.end(&format!(" LIMIT {place}"));
    }

    /// The statement with its values.
    pub(super) fn query(self) -> Query<'static, Any, AnyArguments> {
        let query = sqlx::query(AssertSqlSafe(self.sql));
        self.values.into_iter().fold(query, |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Integer(number) => query.bind(number),
        })
    }
}
