//! The texts of statements for so many rows, each made once: some are longer than what they write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::AssertSqlSafe;

use super::super::Kind;

/// Texts by table and number of rows.
#[derive(Debug)]
pub(in super::super) struct Texts {
    kind: Kind,
    known: Mutex<HashMap<(&'static str, usize), Arc<str>>>,
}

impl Texts {
    pub(in super::super) fn new(kind: Kind) -> Self {
        Self { kind, known: Mutex::default() }
    }

    /// The statement for so many rows of so many columns; `make` writes it around their parameters.
    pub(super) fn of(
        &self,
        table: &'static str,
        (rows, columns): (usize, usize),
        make: impl FnOnce(&str) -> String,
    ) -> AssertSqlSafe<Arc<str>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::from(make(&self.kind.parameters(rows, columns)));
        AssertSqlSafe(Arc::clone(known.entry((table, rows)).or_insert_with(fresh)))
    }
}
