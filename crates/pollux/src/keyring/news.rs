//! What a pool finds out, told to the other replicas: handles are each pool's own, so it is told by ids.

use std::borrow::Cow;

use pool::{Change, Gauge, Grade, Moment, Scope, Tier, What};
use serde::{Deserialize, Serialize};

use super::Keyring;
use super::ring::Ring;
use super::roster::Roster;
use crate::shared::News;
use crate::store::record::{KeyId, ProjectId};

/// One transition.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    at: Moment,
    what: Found,
}

/// What was found out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    Benched { scope: Named, grade: Grade, reason: String, until: Moment },
    Dead { scope: Named, reason: String },
    Cleared { scope: Named },
    Learned { project: String, model: String, gauge: Gauge, value: u64 },
    Unlearned { project: String, model: String, gauge: Gauge },
    Alias { model: String, bucket: String },
    Tier { project: String, tier: Tier },
}

/// What a bench holds, by ids.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Named {
    Key(String),
    KeyModel(String, String),
    Project(String),
    Bucket(String, String),
    Model(String),
}

impl Ring {
    /// Tells the others what this pool found out.
    pub(super) fn tell(&self, changes: &[Change]) {
        if !self.shared.fleet().is_shared() {
            return;
        }
        let roster = self.roster();
        let told: Vec<Told> = changes.iter().filter_map(|change| Told::of(change, &roster)).collect();
        drop(roster);
        if !told.is_empty()
            && let Ok(text) = serde_json::to_string(&told)
        {
            self.shared.tell(News::Pool(text));
        }
    }
}

impl Keyring {
    /// Takes over what another replica's pool found out. What is of a newer kind, or of a key that is not known here yet, is
    /// passed over: this replica finds it out by itself.
    pub fn hear(&self, news: &str) {
        let Ok(told) = serde_json::from_str::<Vec<serde_json::Value>>(news) else { return };
        let told = told.into_iter().filter_map(|one| serde_json::from_value::<Told>(one).ok());
        let changes: Vec<Change> = {
            let roster = self.ring.roster();
            told.filter_map(|told| told.known(&roster)).collect()
        };
        let now = self.now();
        let mut cleared = false;
        let mut pool = self.ring.pool();
        for change in changes {
            tracing::info!(change = ?change.what, "another replica's pool changed");
            cleared |= matches!(change.what, What::Cleared { .. } | What::Unlearned { .. });
            pool.restore(&change, now);
        }
        drop(pool);
        if cleared {
            self.ring.give_all_turns();
        }
    }
}

impl Told {
    fn of(change: &Change, roster: &Roster) -> Option<Self> {
        let project = |id| roster.project_id(id).map(|id| id.as_str().to_owned());
        let what = match &change.what {
            What::Benched { scope, grade, reason, until } => Found::Benched {
                scope: Named::of(scope, roster)?,
                grade: *grade,
                reason: reason.to_string(),
                until: *until,
            },
            What::Dead { scope, reason } => {
                Found::Dead { scope: Named::of(scope, roster)?, reason: reason.to_string() }
            }
            What::Cleared { scope } => Found::Cleared { scope: Named::of(scope, roster)? },
            What::Learned { project: id, model, gauge, value } => {
                Found::Learned { project: project(*id)?, model: model.clone(), gauge: *gauge, value: *value }
            }
            What::Unlearned { project: id, model, gauge } => {
                Found::Unlearned { project: project(*id)?, model: model.clone(), gauge: *gauge }
            }
            What::Alias { model, bucket } => Found::Alias { model: model.clone(), bucket: bucket.clone() },
            What::Tier { project: id, tier } => Found::Tier { project: project(*id)?, tier: *tier },
            What::Incident { .. } => return None,
        };
        Some(Self { at: change.at, what })
    }

    fn known(self, roster: &Roster) -> Option<Change> {
        let project = |id: String| roster.project_by_id(&ProjectId::from(id));
        let what = match self.what {
            Found::Benched { scope, grade, reason, until } => {
                What::Benched { scope: scope.known(roster)?, grade, reason: Cow::Owned(reason), until }
            }
            Found::Dead { scope, reason } => {
                What::Dead { scope: scope.known(roster)?, reason: Cow::Owned(reason) }
            }
            Found::Cleared { scope } => What::Cleared { scope: scope.known(roster)? },
            Found::Learned { project: id, model, gauge, value } => {
                What::Learned { project: project(id)?, model, gauge, value }
            }
            Found::Unlearned { project: id, model, gauge } => {
                What::Unlearned { project: project(id)?, model, gauge }
            }
            Found::Alias { model, bucket } => What::Alias { model, bucket },
            Found::Tier { project: id, tier } => What::Tier { project: project(id)?, tier },
        };
        Some(Change { at: self.at, what })
    }
}

impl Named {
    fn of(scope: &Scope, roster: &Roster) -> Option<Self> {
        let key = |id| roster.key(id).map(|entry| entry.id.as_str().to_owned());
        let project = |id| roster.project_id(id).map(|id| id.as_str().to_owned());
        Some(match scope {
            Scope::Key(id) => Self::Key(key(*id)?),
            Scope::KeyModel(id, model) => Self::KeyModel(key(*id)?, model.clone()),
            Scope::Project(id) => Self::Project(project(*id)?),
            Scope::Bucket(id, model) => Self::Bucket(project(*id)?, model.clone()),
            Scope::Model(model) => Self::Model(model.clone()),
        })
    }

    fn known(self, roster: &Roster) -> Option<Scope> {
        let key = |id: String| roster.key_by_id(&KeyId::from(id)).map(|entry| entry.handle);
        let project = |id: String| roster.project_by_id(&ProjectId::from(id));
        Some(match self {
            Self::Key(id) => Scope::Key(key(id)?),
            Self::KeyModel(id, model) => Scope::KeyModel(key(id)?, model),
            Self::Project(id) => Scope::Project(project(id)?),
            Self::Bucket(id, model) => Scope::Bucket(project(id)?, model),
            Self::Model(model) => Scope::Model(model),
        })
    }
}
