//! Upstream keys in SQL.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::contention::settled;
use super::{Columns, Kind, SqlStore, Transaction, clean, one, page, projects};
use crate::clock::Moment;
use crate::id;
use crate::store::record::{
    KeyFilter, KeyId, KeyRow, KeyState, KeyWords, NewKey, Origin, Owner, ProjectId, Stored,
};
use crate::store::{Keys, Result, StoreError};

/// Rows per INSERT. SQLite allows 32,766 parameters in a statement; more than a few hundred rows gain nothing.
const CHUNK: usize = 200;
const COLUMNS: &str = "id, project_id, sealed, hint, label, enabled, state, state_reason, state_since, origin, \
                       created_at, updated_at, note, tags";

#[async_trait]
impl Keys for SqlStore {
    async fn insert_keys(&self, keys: &[NewKey], now: Moment) -> Result<Vec<Stored>> {
        for key in keys {
            words_are_clean(&key.words)?;
            clean("hint", &key.hint)?;
        }
        settled(|| self.insert_all(keys, now)).await
    }

    async fn list_keys(&self, after: Option<&KeyId>, limit: usize) -> Result<Vec<KeyRow>> {
        let sql =
            format!("SELECT {COLUMNS} FROM keys WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(after.map_or("", KeyId::as_str))
            .bind(page(limit))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn find_keys(
        &self,
        filter: &KeyFilter,
        after: Option<&KeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRow>> {
        let KeyFilter { tag, project, enabled } = filter;
        let sql = format!(
            "SELECT {COLUMNS} FROM keys WHERE id > $1 AND deleted_at IS NULL \
             AND ($2 = '' OR project_id = $2) AND ($3 = '' OR tags LIKE $3 ESCAPE '\\') \
             AND ($4 < 0 OR enabled = $4) ORDER BY id LIMIT $5"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(after.map_or("", KeyId::as_str))
            .bind(project.as_ref().map_or("", ProjectId::as_str))
            .bind(tag.as_deref().map(among).unwrap_or_default())
            .bind(enabled.map_or(-1, i64::from))
            .bind(page(limit))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn key(&self, id: &KeyId) -> Result<KeyRow> {
        let sql = format!("SELECT {COLUMNS} FROM keys WHERE id = $1 AND deleted_at IS NULL");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(&self.readers).await?;
        found.as_ref().map(read).ok_or_else(|| StoreError::missing("key", id.as_str()))?
    }

    async fn enable_key(&self, id: &KeyId, enabled: bool, now: Moment) -> Result<()> {
        let done =
            sqlx::query("UPDATE keys SET enabled = $1, updated_at = $2 WHERE id = $3 AND deleted_at IS NULL")
                .bind(i64::from(enabled))
                .bind(now.0)
                .bind(id.as_str())
                .execute(&self.writer)
                .await?;
        one(&done, "key", id.as_str())
    }

    async fn move_key(&self, id: &KeyId, project: &ProjectId, now: Moment) -> Result<()> {
        let done = sqlx::query(
            "UPDATE keys SET project_id = $1, updated_at = $2 WHERE id = $3 AND deleted_at IS NULL",
        )
        .bind(project.as_str())
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "key", id.as_str())
    }

    async fn describe_key(&self, id: &KeyId, words: &KeyWords, now: Moment) -> Result<()> {
        words_are_clean(words)?;
        let KeyWords { label, note, tags } = words;
        let done = sqlx::query(
            "UPDATE keys SET label = $1, note = $2, tags = $3, updated_at = $4 \
             WHERE id = $5 AND deleted_at IS NULL",
        )
        .bind(label.as_str())
        .bind(note.as_str())
        .bind(between_spaces(tags))
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "key", id.as_str())
    }

    async fn set_key_state(&self, id: &KeyId, state: &KeyState, now: Moment) -> Result<()> {
        let KeyState { name, reason, since } = state;
        clean("state", name)?;
        clean("reason", reason)?;
        let done = sqlx::query(
            "UPDATE keys SET state = $1, state_reason = $2, state_since = $3, updated_at = $4 \
             WHERE id = $5 AND deleted_at IS NULL",
        )
        .bind(name.as_str())
        .bind(reason.as_str())
        .bind(since.0)
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "key", id.as_str())
    }

    async fn delete_key(&self, id: &KeyId, now: Moment) -> Result<()> {
        let done = sqlx::query(
            "UPDATE keys SET sealed = NULL, lookup = NULL, enabled = 0, updated_at = $1, deleted_at = $1 \
             WHERE id = $2 AND deleted_at IS NULL",
        )
        .bind(now.0)
        .bind(id.as_str())
        .execute(&self.writer)
        .await?;
        one(&done, "key", id.as_str())
    }
}

impl SqlStore {
    async fn insert_all(&self, keys: &[NewKey], now: Moment) -> Result<Vec<Stored>> {
        let mut transaction = self.begin().await?;
        let owners = owners(&mut transaction, keys, now).await?;
        let mut stored = Vec::with_capacity(keys.len());
        for (keys, owners) in keys.chunks(CHUNK).zip(owners.chunks(CHUNK)) {
            stored.extend(insert((&mut transaction, self.kind), keys, owners, now).await?);
        }
        transaction.commit().await?;
        Ok(stored)
    }
}

/// The project of each key. Labelled ones are made here; own ones only once their key turned out to be new.
async fn owners(transaction: &mut Transaction, keys: &[NewKey], now: Moment) -> Result<Vec<ProjectId>> {
    let mut labelled: HashMap<&str, ProjectId> = HashMap::new();
    let mut owners = Vec::with_capacity(keys.len());
    for key in keys {
        owners.push(match &key.owner {
            Owner::Project(id) => id.clone(),
            Owner::Own => id::new("project", now).into(),
            Owner::Label(label) => {
                if let Some(id) = labelled.get(label.as_str()) {
                    id.clone()
                } else {
                    let id = projects::by_label(transaction, label, now).await?.id;
                    labelled.insert(label, id.clone());
                    id
                }
            }
        });
    }
    Ok(owners)
}

async fn insert(
    (transaction, kind): (&mut Transaction, Kind),
    keys: &[NewKey],
    owners: &[ProjectId],
    now: Moment,
) -> Result<Vec<Stored>> {
    let added = insert_new((transaction, kind), keys, owners, now).await?;
    // The reference from a key to its project is checked at commit, so own projects may come second.
    let own = keys.iter().zip(owners).filter(|(key, _)| key.owner == Owner::Own && added.contains(&key.id));
    let own: Vec<&ProjectId> = own.map(|(_, owner)| owner).collect();
    projects::insert_own(transaction, &own, now).await?;
    let present =
        if added.len() < keys.len() { find(transaction, kind, keys).await? } else { HashMap::new() };
    let stored = keys.iter().zip(owners).map(|(key, owner)| {
        if added.contains(&key.id) {
            return Ok(Stored::Added { key: key.id.clone(), project: owner.clone() });
        }
        let key = present.get(key.lookup.as_slice()).cloned();
        Ok(Stored::Duplicate { key: key.ok_or(StoreError::Conflict { what: "this key" })? })
    });
    stored.collect()
}

async fn insert_new(
    (transaction, kind): (&mut Transaction, Kind),
    keys: &[NewKey],
    owners: &[ProjectId],
    now: Moment,
) -> Result<HashSet<KeyId>> {
    let sql = format!(
        "INSERT INTO keys (lookup, {COLUMNS}) VALUES {} ON CONFLICT (lookup) DO NOTHING RETURNING id",
        kind.parameters(keys.len(), 15)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (key, owner) in keys.iter().zip(owners) {
        let NewKey { id, owner: _, sealed, lookup, hint, words, origin } = key;
        query = query
            .bind(lookup.to_vec())
            .bind(id.as_str())
            .bind(owner.as_str())
            .bind(sealed.clone())
            .bind(hint.as_str())
            .bind(words.label.as_str())
            .bind(1_i64)
            .bind("ready")
            .bind("")
            .bind(now.0)
            .bind(origin.as_str())
            .bind(now.0)
            .bind(now.0)
            .bind(words.note.as_str())
            .bind(between_spaces(&words.tags));
    }
    let rows = query.fetch_all(&mut **transaction).await?;
    rows.iter().map(|row| row.key("id")).collect()
}

/// Which of these keys are there, by lookup hash.
async fn find(transaction: &mut Transaction, kind: Kind, keys: &[NewKey]) -> Result<HashMap<Vec<u8>, KeyId>> {
    let list = kind.parameters(1, keys.len());
    let mut query = sqlx::query(AssertSqlSafe(format!("SELECT id, lookup FROM keys WHERE lookup IN {list}")));
    for key in keys {
        query = query.bind(key.lookup.to_vec());
    }
    let rows = query.fetch_all(&mut **transaction).await?;
    rows.iter().map(|row| Ok((row.bytes("lookup")?, row.key("id")?))).collect()
}

fn words_are_clean(words: &KeyWords) -> Result<()> {
    let KeyWords { label, note, tags } = words;
    clean("label", label)?;
    clean("note", note)?;
    tags.iter().try_for_each(|tag| clean("tags", tag))
}

/// Tags as they are kept: each with a space on both sides.
fn between_spaces(tags: &[String]) -> String {
    if tags.is_empty() { String::new() } else { format!(" {} ", tags.join(" ")) }
}

/// What the tags of a key with this tag are like.
fn among(tag: &str) -> String {
    let mut pattern = String::from("% ");
    for letter in tag.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + " %"
}

fn read(row: &AnyRow) -> Result<KeyRow> {
    Ok(KeyRow {
        id: row.key("id")?,
        project: row.project("project_id")?,
        sealed: row.bytes("sealed")?,
        hint: row.text("hint")?,
        words: KeyWords {
            label: row.text("label")?,
            note: row.text("note")?,
            tags: row.text("tags")?.split_whitespace().map(str::to_owned).collect(),
        },
        enabled: row.flag("enabled")?,
        state: KeyState {
            name: row.text("state")?,
            reason: row.text("state_reason")?,
            since: row.moment("state_since")?,
        },
        origin: if row.text("origin")? == "environment" { Origin::Environment } else { Origin::Admin },
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
