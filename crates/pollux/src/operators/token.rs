//! The admin token: given by the operator or made on the first start, kept as an HMAC.

use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{AdminRule, Operator, OperatorError, Operators, Refused, Role, Via};
use crate::id;
use crate::secret::{Lookup, MasterKey, Secret, same};
use crate::store::{Store, StoreError};

const META: &str = "admin_token";
const PREFIX: &str = "pollux-admin-";
const LETTERS: usize = 40;
/// A shorter token is taken, with a warning.
const ADVISED_LENGTH: usize = 16;

/// Tells the admin from everybody else.
#[derive(Debug)]
pub(super) struct Gate {
    lookup: Lookup,
    /// Everybody is the admin.
    off: bool,
    token: RwLock<Option<[u8; 32]>>,
}

impl Gate {
    pub(super) async fn open(
        store: &dyn Store,
        master: &MasterKey,
        rule: AdminRule,
    ) -> Result<(Self, Option<Secret>), OperatorError> {
        let off = matches!(rule, AdminRule::Off);
        let gate = Self { lookup: master.lookup("admin"), off, token: RwLock::default() };
        let fresh = match rule {
            AdminRule::Off => None,
            AdminRule::Token(Some(token)) => {
                gate.set(store, usable(&token)?).await?;
                None
            }
            AdminRule::Token(None) => gate.recall(store).await?,
        };
        Ok((gate, fresh))
    }

    pub(super) fn is_off(&self) -> bool {
        self.off
    }

    pub(super) fn admit(&self, presented: Option<&str>) -> Result<Operator, Refused> {
        if self.off {
            return Ok(admin("anybody", Via::Nothing));
        }
        let presented = presented.map(str::trim).filter(|text| !text.is_empty()).ok_or(Refused::Missing)?;
        let presented = self.lookup.hash(presented);
        let token = *self.token.read().unwrap_or_else(PoisonError::into_inner);
        if token.is_some_and(|token| same(&presented, &token)) {
            Ok(admin("admin token", Via::Token))
        } else {
            Err(Refused::Unknown)
        }
    }

    /// Learns of a token that another process has set.
    pub(super) async fn refresh(&self, store: &dyn Store) -> Result<(), OperatorError> {
        if let Some(kept) =
            store.meta(META).await?.and_then(|kept| STANDARD.decode(kept).ok()?.try_into().ok())
        {
            self.put(kept);
        }
        Ok(())
    }

    /// Uses the token of an earlier start, or makes one.
    async fn recall(&self, store: &dyn Store) -> Result<Option<Secret>, OperatorError> {
        let Some(kept) = store.meta(META).await? else { return Ok(Some(self.renew(store).await?)) };
        let hash = STANDARD.decode(kept).ok().and_then(|bytes| bytes.try_into().ok());
        let hash = hash.ok_or_else(|| StoreError::damaged("the hash of the admin token"))?;
        self.put(hash);
        Ok(None)
    }

    async fn renew(&self, store: &dyn Store) -> Result<Secret, OperatorError> {
        let fresh = Secret::new(format!("{PREFIX}{}", id::letters(LETTERS)));
        self.set(store, fresh.expose()).await?;
        Ok(fresh)
    }

    /// The token is kept even if it was given, so that an older one does not come back when it is given no more.
    async fn set(&self, store: &dyn Store, token: &str) -> Result<(), OperatorError> {
        let hash = self.lookup.hash(token);
        let kept = store.meta(META).await?;
        if kept.is_some_and(|kept| kept != STANDARD.encode(hash)) {
            // Whoever had the old token must not go on with what it opened.
            store.delete_sessions(Some("")).await?;
        }
        store.put_meta(META, &STANDARD.encode(hash)).await?;
        self.put(hash);
        Ok(())
    }

    fn put(&self, hash: [u8; 32]) {
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(hash);
    }
}

impl Operators {
    /// Makes a new admin token; the old one stops working at once. The token cannot be read again.
    pub async fn reset_token(&self) -> Result<Secret, OperatorError> {
        self.token.renew(&*self.store).await
    }
}

fn admin(name: &str, via: Via) -> Operator {
    Operator { id: None, name: name.into(), role: Role::Admin, via }
}

fn usable(token: &Secret) -> Result<&str, OperatorError> {
    let token = token.expose().trim();
    if token.is_empty() {
        return Err(OperatorError::Token("is empty"));
    }
    if token.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
        return Err(OperatorError::Token("must not contain spaces or control characters"));
    }
    if token.chars().count() < ADVISED_LENGTH {
        tracing::warn!("the admin token has fewer than {ADVISED_LENGTH} characters; choose a longer one");
    }
    Ok(token)
}
