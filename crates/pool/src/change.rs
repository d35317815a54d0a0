//! What the pool says when its state changes: for the log, and for the store to bring back after a restart.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Moment;
use crate::bench::Grade;
use crate::limits::Gauge;
use crate::roster::{KeyId, ProjectId, Tier};

/// What a bench holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A key, for every model.
    Key(KeyId),
    /// A key, for one model.
    KeyModel(KeyId, String),
    /// A project, for every model.
    Project(ProjectId),
    /// A project's bucket: one model.
    Bucket(ProjectId, String),
    /// A model, on every project.
    Model(String),
}

/// One transition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Moment,
    /// What.
    pub what: What,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Benched until a moment.
    Benched {
        /// What.
        scope: Scope,
        /// What kind of reason.
        grade: Grade,
        /// The reason, for people.
        reason: Cow<'static, str>,
        /// When it ends.
        until: Moment,
    },
    /// A key or project is dead until an operator clears it.
    Dead {
        /// What.
        scope: Scope,
        /// The reason, for people.
        reason: Cow<'static, str>,
    },
    /// Back in service.
    Cleared {
        /// What.
        scope: Scope,
    },
    /// A 429 named a limit.
    Learned {
        /// Whose.
        project: ProjectId,
        /// The bucket's name.
        model: String,
        /// Which limit.
        gauge: Gauge,
        /// Its value.
        value: u64,
    },
    /// A learned limit was contradicted by success.
    Unlearned {
        /// Whose.
        project: ProjectId,
        /// The bucket's name.
        model: String,
        /// Which limit.
        gauge: Gauge,
    },
    /// Google counts this model in that bucket.
    Alias {
        /// The model asked for.
        model: String,
        /// The bucket's name.
        bucket: String,
    },
    /// Google said which tier the project is on.
    Tier {
        /// Whose.
        project: ProjectId,
        /// The tier.
        tier: Tier,
    },
    /// Several projects failed alike within seconds: the model is to blame.
    Incident {
        /// The model.
        model: String,
    },
}
