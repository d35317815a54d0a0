//! What a model name means on a given day, and what the model can do.
//!
//! Invariant: every decision follows the model that really answers, aliases and reroutes resolved.

use std::sync::Arc;

use dialect::model::{Capabilities, Catalogue, Family, Model};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::Moment;

/// What a model name means.
#[derive(Clone, Debug)]
pub struct Meant {
    /// What goes into the path.
    pub upstream_id: String,
    /// What the model that really answers can do.
    pub capabilities: Arc<Capabilities>,
}

/// A name that means nothing here.
#[derive(Debug, thiserror::Error)]
#[error("The model “{0}” is not known here. GET /v1/models lists those that are.")]
pub struct UnknownModel(String);

/// What model names mean.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    catalogue: &'static Catalogue,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { catalogue: Catalogue::builtin() }
    }
}

impl Catalog {
    /// What a name means today. A name that is not in the catalogue is taken for a new Gemini model if it looks like
    /// one: Google adds models faster than we do.
    pub fn resolve(&self, name: &str, now: Moment) -> Result<Meant, UnknownModel> {
        let resolved = self.catalogue.resolve(name, &today(now));
        if !resolved.known && resolved.effective.family == Family::Other {
            return Err(UnknownModel(name.to_owned()));
        }
        Ok(Meant { upstream_id: resolved.upstream_id, capabilities: resolved.effective })
    }

    /// The models that answer today, in the order of the catalogue.
    pub fn list(&self, now: Moment) -> Vec<Arc<Model>> {
        self.catalogue.listed(&today(now)).map(Arc::clone).collect()
    }

    /// One of them.
    pub fn get(&self, name: &str, now: Moment) -> Option<Arc<Model>> {
        let name = name.strip_prefix("models/").unwrap_or(name);
        self.list(now).into_iter().find(|model| model.id == name)
    }
}

/// Google's calendar day, as the catalogue writes dates.
fn today(now: Moment) -> String {
    let time = Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22.
    const NOW: Moment = Moment(1_795_305_600_000);

    #[test]
    fn a_reroute_in_force_decides_what_a_model_can_do() {
        let catalog = Catalog::default();
        let old = catalog.resolve("gemini-3.7-flash", NOW).unwrap();
        let new = catalog.resolve("gemini-3.8-flash", NOW).unwrap();
        assert_eq!(old.upstream_id, "gemini-3.7-flash");
        assert_eq!(old.capabilities, new.capabilities);
    }

    #[test]
    fn a_new_gemini_is_taken_on_trust_and_a_stranger_is_not() {
        let catalog = Catalog::default();
        assert!(catalog.resolve("gemini-9-flash", NOW).is_ok());
        assert!(catalog.resolve("gpt-4o", NOW).unwrap_err().to_string().contains("gpt-4o"));
    }
}
