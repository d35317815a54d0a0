//! What adding keys would come to, before it is done.

use std::collections::HashMap;

use super::Keyring;
use super::intake;
use super::roll::{AddedKey, Addition, RollError};
use crate::store::record;

impl Keyring {
    /// Looks at a pasted text as [`Keyring::add`] would, and adds nothing. What would be new has an empty id.
    ///
    /// # Errors
    /// When the text holds no key, or more than one request may bring.
    pub fn preview(&self, text: &str) -> Result<Addition, RollError> {
        let pasted = intake::parse(text);
        if pasted.cut_short {
            return Err(RollError::TooMany);
        }
        if pasted.keys.is_empty() && pasted.malformed.is_empty() {
            return Err(RollError::NoKeys);
        }
        let entries = self.ring.roster().entries();
        let known: HashMap<&str, &record::KeyId> =
            entries.iter().map(|entry| (entry.secret.expose(), &entry.id)).collect();
        let keys = pasted.keys.iter().map(|intake| {
            let id = known.get(intake.key.expose()).copied().cloned();
            AddedKey { hint: intake.key.hint(), duplicate: id.is_some(), id: id.unwrap_or_else(|| "".into()) }
        });
        let keys = keys.collect();
        Ok(Addition { keys, malformed: pasted.malformed, repeated: pasted.repeated })
    }
}
