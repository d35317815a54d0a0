//! What users have at Google: which project each file, cache, batch or store lives in, and whose it is.
//!
//! A resource that was made through the gateway is written down before its maker hears of it. From then on every call that
//! names it goes to its project, and for everybody but its maker it does not exist.
//!
//! Invariant: nobody learns of a resource that another user has, not even that it is there.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use dialect::gemini::resource::{Made, kind_of};
use pool::Moment;

use crate::clock::{self, Clock};
use crate::keyring::Keyring;
use crate::secret::{Lookup, MasterKey};
use crate::store::record::{KeyId, ProjectId, ResourceRow, UserId};
use crate::store::{Store, StoreError};

mod token;

/// How long an upload may take; Google forgets the session after a week.
const UPLOAD_MS: i64 = 7 * 86_400_000;
const UPLOADS: &str = "uploads";

/// What users have.
#[derive(Debug)]
pub struct Resources {
    store: Arc<dyn Store>,
    keyring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    /// Whoever knows a session's id may write into it; so it is not kept.
    sessions: Lookup,
}

/// Why a call that names resources cannot be passed on.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The user has nothing of this name.
    #[error("there is no `{0}`")]
    Missing(String),
    /// It is there, but no key of its project is.
    #[error("the project of `{0}` has no key any more")]
    Unreachable(String),
    /// No project has both.
    #[error("`{0}` and `{1}` live in different projects")]
    Apart(String, String),
    /// It cannot be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The token of a page is none of ours.
    #[error("the page token is not one")]
    Token,
}

/// Who made something, by which key of which project.
#[derive(Clone, Copy, Debug)]
pub struct Maker<'a> {
    /// The user.
    pub user: &'a UserId,
    /// The project's id.
    pub project: &'a str,
    /// The key's id.
    pub key: &'a str,
}

/// Part of a list.
#[derive(Debug)]
pub struct Page {
    /// What is on it, and the project each lives in now.
    pub rows: Vec<(ResourceRow, Option<ProjectId>)>,
    /// How the next one is asked for.
    pub next: Option<String>,
}

impl Resources {
    /// What is in this store.
    pub fn new(
        store: Arc<dyn Store>,
        keyring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        sessions: Lookup,
    ) -> Self {
        Self { store, keyring, clock, sessions }
    }

    /// The finder of upload sessions.
    pub fn lookup(master: &MasterKey) -> Lookup {
        master.lookup("upload session")
    }

    /// The project in which all of these live; none if nothing is named.
    ///
    /// # Errors
    /// When one of them is not there, or not the user's, or they live apart.
    pub async fn owner(&self, user: &UserId, names: &BTreeSet<String>) -> Result<Option<ProjectId>, Trouble> {
        if names.is_empty() {
            return Ok(None);
        }
        let asked: Vec<&str> = names.iter().map(String::as_str).collect();
        let rows = self.store.resources_named(user, &asked).await?;
        if let Some(missing) = asked.iter().find(|name| !rows.iter().any(|row| row.name == **name)) {
            return Err(Trouble::Missing((*missing).to_owned()));
        }
        let mut owner: Option<(ProjectId, String)> = None;
        for row in rows {
            let Some(project) = self.place(&row) else { return Err(Trouble::Unreachable(row.name)) };
            match &owner {
                Some((first, name)) if *first != project => {
                    return Err(Trouble::Apart(name.clone(), row.name));
                }
                Some(_) => {}
                None => owner = Some((project, row.name)),
            }
        }
        Ok(owner.map(|(project, _)| project))
    }

    /// Whether the user has something of this name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn has(&self, user: &UserId, name: &str) -> Result<bool, StoreError> {
        Ok(!self.store.resources_named(user, &[name]).await?.is_empty())
    }

    /// Where the user's next resource is best put: next to the last one, so that a call may name both.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn home(&self, user: &UserId) -> Result<Option<ProjectId>, StoreError> {
        let newest = self.store.list_resources((user, None), None, self.clock.now(), 1).await?;
        Ok(newest.first().and_then(|row| self.place(row)))
    }

    /// Writes down what a user made.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn remember(&self, maker: Maker<'_>, made: Vec<Made>) -> Result<(), StoreError> {
        let rows: Vec<ResourceRow> = made
            .into_iter()
            .map(|Made { name, expires }| {
                let kind = kind_of(&name).to_owned();
                self.row(maker, (name, kind), expires.as_deref().and_then(clock::of_iso))
            })
            .collect();
        if rows.is_empty() { Ok(()) } else { self.store.put_resources(&rows).await }
    }

    /// The same for what an answer only mentions: what somebody else has stays theirs.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn claim(&self, maker: Maker<'_>, made: Vec<Made>) -> Result<(), StoreError> {
        let mut free = Vec::new();
        for made in made {
            if self.store.resource_of_anybody(&made.name).await?.is_none() {
                free.push(made);
            }
        }
        self.remember(maker, free).await
    }

    /// Forgets something that is gone.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget(&self, user: &UserId, name: &str) -> Result<(), StoreError> {
        self.store.forget_resource(user, name).await
    }

    /// One page of what a user has of a kind, the newest first.
    ///
    /// # Errors
    /// When the store does not answer, or the token is not one.
    pub async fn page(
        &self,
        user: &UserId,
        kind: &str,
        token: Option<&str>,
        size: usize,
    ) -> Result<Page, Trouble> {
        let after = token.map(|token| token::read(token).ok_or(Trouble::Token)).transpose()?;
        let after = after.as_ref().map(|(at, name)| (*at, name.as_str()));
        let now = self.clock.now();
        let mut rows = self.store.list_resources((user, Some(kind)), after, now, size + 1).await?;
        let more = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| more).map(|row| token::write(row.created_at, &row.name));
        let rows = rows.into_iter().map(|row| {
            let place = self.place(&row);
            (row, place)
        });
        Ok(Page { rows: rows.collect(), next })
    }

    /// Writes down that a file is on its way.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn begin_upload(&self, maker: Maker<'_>, session: &str) -> Result<(), StoreError> {
        let until = self.clock.now().plus_ms(UPLOAD_MS);
        let row = self.row(maker, (self.session(session), UPLOADS.to_owned()), Some(until));
        self.store.put_resources(&[row]).await
    }

    /// Whose file is on its way in this session, and to which project.
    ///
    /// # Errors
    /// When there is no such session.
    pub async fn upload(&self, session: &str) -> Result<(UserId, ProjectId), Trouble> {
        let missing = || Trouble::Missing("upload session".to_owned());
        let row = self.store.resource_of_anybody(&self.session(session)).await?.ok_or_else(missing)?;
        let project = self.place(&row).ok_or_else(|| Trouble::Unreachable("upload session".to_owned()))?;
        Ok((row.user, project))
    }

    /// The file has come.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn end_upload(&self, user: &UserId, session: &str) -> Result<(), StoreError> {
        self.store.forget_resource(user, &self.session(session)).await
    }

    /// What nobody can reach any more when this key is gone, counted by kind.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn lost_without(&self, key: &KeyId) -> Result<Vec<(String, u64)>, StoreError> {
        match self.keyring.project_of(key) {
            Some(project) if self.keyring.count_keys(&project) <= 1 => {
                self.store.count_resources(&project, self.clock.now()).await
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }

    fn row(&self, maker: Maker<'_>, (name, kind): (String, String), until: Option<Moment>) -> ResourceRow {
        let Maker { user, project, key } = maker;
        let (project, key) = (project.into(), key.into());
        ResourceRow {
            name,
            user: user.clone(),
            kind,
            project,
            key,
            created_at: self.clock.now(),
            expires_at: until,
        }
    }

    /// The project it lives in now. A key may turn out to belong to another project than was thought; what was made by it
    /// goes along.
    fn place(&self, row: &ResourceRow) -> Option<ProjectId> {
        let by_key = self.keyring.project_of(&row.key);
        by_key.or_else(|| Some(row.project.clone()).filter(|project| self.keyring.count_keys(project) > 0))
    }

    fn session(&self, id: &str) -> String {
        self.sessions.hash(id).iter().fold(format!("{UPLOADS}/"), |mut name, byte| {
            let _infallible = write!(name, "{byte:02x}");
            name
        })
    }
}
