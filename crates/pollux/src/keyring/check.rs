//! Asking Google whether a key works, without spending quota on an answer.

use std::sync::Arc;

use bytes::Bytes;
use dialect::gemini::outcome::classify;
use http::{Method, header};
use pool::Scope;

use super::Keyring;
use super::roll::READY;
use super::timeline::DISABLED;
use crate::store::StoreError;
use crate::store::record::{self, KeyState};
use crate::upstream::Request;

const ANSWER_LIMIT: usize = 1 << 20;

/// What Google said about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// It lists models for this key.
    pub works: bool,
    /// A short name of what is wrong, or `ok`.
    pub finding: &'static str,
    /// Google's words, redacted.
    pub message: String,
}

impl Keyring {
    /// Asks for one model with this key. A key that works is brought back if it was dead; one that does not is
    /// blamed as a call would blame it.
    pub async fn check(&self, id: &record::KeyId) -> Result<Checked, StoreError> {
        // Says plainly that there is no such key, before anything is sent.
        self.store.key(id).await?;
        let Some(entry) = self.ring.roster().key_by_id(id).map(Arc::clone) else {
            return Ok(Checked { works: false, finding: "not_loaded", message: String::new() });
        };
        let request = Request::new(Method::GET, "/v1beta/models?pageSize=1", &entry.secret, Bytes::new());
        let response = match self.upstream.send(request).await {
            Ok(response) => response,
            Err(error) => {
                return Ok(Checked { works: false, finding: error.label(), message: error.to_string() });
            }
        };
        let status = response.status;
        if status.is_success() {
            self.revive(id, entry.handle).await?;
            return Ok(Checked { works: true, finding: "ok", message: String::new() });
        }
        let content_type = response.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = response.collect(ANSWER_LIMIT).await.unwrap_or_default();
        let outcome = classify(status.as_u16(), content_type.as_deref(), &body);
        self.ring.blame(&entry, "", &outcome);
        Ok(Checked { works: false, finding: outcome.cause.label(), message: outcome.message })
    }

    async fn revive(&self, id: &record::KeyId, handle: pool::KeyId) -> Result<(), StoreError> {
        let now = self.now();
        let before = self.show(id).await?;
        self.ring.pool().clear(&Scope::Key(handle), now);
        let state = KeyState { name: READY.to_owned(), reason: String::new(), since: now };
        self.store.set_key_state(id, &state, now).await?;
        if !matches!(before.state(), READY | DISABLED) {
            self.note_turn(id, READY, "passed a test").await;
        }
        Ok(())
    }
}
