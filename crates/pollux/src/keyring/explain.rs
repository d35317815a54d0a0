//! Why this key: a decision of the pool, in ids that an operator knows.

use pool::{ChosenBy, Decision, Exclusion, Opening, ProjectId};
use serde::Serialize;

use super::Keyring;

/// Why a call was served by whom it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// Those who could have served it, best first; the first of them did.
    pub candidates: Vec<ExplainedCandidate>,
    /// Some of those who could not, and why.
    pub excluded: Vec<ExplainedExclusion>,
    /// How many projects were looked at.
    pub considered: u32,
    /// The strategy, or what went before it.
    pub chosen_by: ChosenBy,
    /// When the call could be served.
    pub opens: Opening,
}

/// A project that could have served the call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedCandidate {
    /// The project.
    pub project: String,
    /// The key whose turn it was, unless it was deleted meanwhile.
    pub key: Option<String>,
    /// What would have been left of its tightest limit, 0 to 1.
    pub headroom: f32,
}

/// A project that could not have served the call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedExclusion {
    /// The project.
    pub project: String,
    /// Why, and until when.
    #[serde(flatten)]
    pub exclusion: Exclusion,
}

impl Keyring {
    /// Says a decision in ids that an operator knows.
    pub fn explain(&self, decision: &Decision) -> Explained {
        let Decision { shortlist, excluded, considered, opens, chosen_by } = decision;
        let roster = self.ring.roster();
        let project =
            |handle: ProjectId| roster.project_id(handle).map_or_else(String::new, ToString::to_string);
        let candidates = shortlist.iter().map(|candidate| ExplainedCandidate {
            project: project(candidate.project),
            key: roster.key(candidate.key).map(|entry| entry.id.to_string()),
            headroom: candidate.headroom,
        });
        let excluded = excluded.iter().map(|(handle, exclusion)| ExplainedExclusion {
            project: project(*handle),
            exclusion: *exclusion,
        });
        Explained {
            candidates: candidates.collect(),
            excluded: excluded.collect(),
            considered: *considered,
            chosen_by: *chosen_by,
            opens: *opens,
        }
    }
}
