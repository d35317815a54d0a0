//! Which keys may be of one project, as failures tell; a suggestion for people, acted upon by nobody else.

use dialect::gemini::outcome::{Cause, Outcome};
use dialect::gemini::quota::{Measure, Window};
use pool::Gauge;
use pool::kinship::{Refused, Sign, Suggestion};

use super::Keyring;
use super::ring::Ring;
use super::roster::KeyEntry;
use crate::clock::Moment;
use crate::store::record;

pub use pool::kinship::{Confidence, Sign as KinSign};

/// Keys of several projects that may be of one.
#[derive(Clone, Debug)]
pub struct Kin {
    /// Each key with the project it is counted to.
    pub keys: Vec<(record::KeyId, record::ProjectId)>,
    /// Why.
    pub sign: Sign,
    /// How sure that is.
    pub confidence: Confidence,
    /// Since when.
    pub since: Moment,
}

impl Ring {
    /// Learns from a failure who may be of one project. Before the blame, for that changes the counts.
    pub(super) fn notice_kin(&self, key: &KeyEntry, model: &str, outcome: &Outcome) {
        let now = self.now();
        if let Some(number) = &outcome.consumer {
            self.kinship().named(key.handle, number, now);
        }
        let Cause::QuotaExhausted(quota) = &outcome.cause else { return };
        let requests = quota.violations.iter().filter(|violation| violation.measure == Measure::Requests);
        for violation in requests {
            let Some(limit) = violation.limit else { continue };
            let gauge = match violation.window {
                Window::Minute => Gauge::Rpm,
                Window::Day => Gauge::Rpd,
            };
            let counted = self.pool().used(key.project, model, gauge, now);
            // The refused call is still in our count.
            let used = counted.saturating_sub(1);
            let refused = Refused { key: key.handle, project: key.project, model, gauge, limit, used };
            self.kinship().refused(&refused, now);
        }
    }
}

impl Keyring {
    /// Keys that may be of one project, the surest first.
    pub fn kin(&self) -> Vec<Kin> {
        let roster = self.ring.roster();
        let project_of = |key| roster.key(key).map(|entry| entry.project);
        let suggestions = self.ring.kinship().suggestions(project_of, self.now());
        let known = |Suggestion { keys, why, confidence, since }| {
            let keys = keys.into_iter().filter_map(|key: pool::KeyId| {
                let entry = roster.key(key)?;
                Some((entry.id.clone(), entry.project_id.clone()))
            });
            Kin { keys: keys.collect(), sign: why, confidence, since }
        };
        suggestions.into_iter().map(known).collect()
    }
}
