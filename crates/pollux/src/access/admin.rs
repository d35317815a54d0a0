//! The admin token: given by the operator or made on the first start, kept as an HMAC.

use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Access, AccessError, Admin, AdminRule, Denied, given};
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
    ) -> Result<(Self, Option<Secret>), AccessError> {
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

    pub(super) fn admit(&self, presented: Option<&str>) -> Result<Admin, Denied> {
        if self.off {
            return Ok(Admin(()));
        }
        let presented = self.lookup.hash(given(presented)?);
        let token = *self.token.read().unwrap_or_else(PoisonError::into_inner);
        if token.is_some_and(|token| same(&presented, &token)) { Ok(Admin(())) } else { Err(Denied::Unknown) }
    }

    /// Uses the token of an earlier start, or makes one.
    async fn recall(&self, store: &dyn Store) -> Result<Option<Secret>, AccessError> {
        let Some(kept) = store.meta(META).await? else { return Ok(Some(self.renew(store).await?)) };
        let hash = STANDARD.decode(kept).ok().and_then(|bytes| bytes.try_into().ok());
        let hash = hash.ok_or_else(|| StoreError::damaged("the hash of the admin token"))?;
        self.put(hash);
        Ok(None)
    }

    async fn renew(&self, store: &dyn Store) -> Result<Secret, AccessError> {
        let fresh = Secret::new(format!("{PREFIX}{}", id::letters(LETTERS)));
        self.set(store, fresh.expose()).await?;
        Ok(fresh)
    }

    /// The token is kept even if it was given, so that an older one does not come back when it is given no more.
    async fn set(&self, store: &dyn Store, token: &str) -> Result<(), AccessError> {
        let hash = self.lookup.hash(token);
        store.put_meta(META, &STANDARD.encode(hash)).await?;
        self.put(hash);
        Ok(())
    }

    fn put(&self, hash: [u8; 32]) {
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(hash);
    }
}

impl Access {
    /// Makes a new admin token; the old one stops working at once. The token cannot be read again.
    pub async fn reset_admin_token(&self) -> Result<Secret, AccessError> {
        self.admin.renew(&*self.store).await
    }
}

fn usable(token: &Secret) -> Result<&str, AccessError> {
    let token = token.expose().trim();
    if token.is_empty() {
        return Err(AccessError::AdminToken("is empty"));
    }
    if token.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
        return Err(AccessError::AdminToken("must not contain spaces or control characters"));
    }
    if token.chars().count() < ADVISED_LENGTH {
        tracing::warn!("the admin token has fewer than {ADVISED_LENGTH} characters; choose a longer one");
    }
    Ok(token)
}
