//! `GET /admin/projects/suggestions`: keys that may be of one Google project although they are counted apart.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::http::Gateway;
use crate::http::foreign;
use crate::http::guard::Viewer;
use crate::keyring::{Confidence, Kin, KinSign};

/// The surest first. There are few: no pages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Suggestions {
    data: Vec<Suggestion>,
}

/// Keys that may be of one project.
#[derive(Debug, Serialize, ToSchema)]
struct Suggestion {
    keys: Vec<Key>,
    #[serde(flatten)]
    #[schema(schema_with = foreign::sign)]
    sign: KinSign,
    #[schema(schema_with = foreign::confidence)]
    confidence: Confidence,
    since: String,
    /// The same in words, with what to do.
    summary: String,
}

/// A key, and the project it is counted to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuggestionKey)]
struct Key {
    id: String,
    project_id: String,
}

/// What failures suggest. `POST /admin/keys/{id}/move` acts upon it.
pub(super) async fn list(_: Viewer, State(gateway): State<Gateway>) -> Json<Suggestions> {
    Json(Suggestions { data: gateway.keyring.kin().into_iter().map(Suggestion::from).collect() })
}

impl From<Kin> for Suggestion {
    fn from(kin: Kin) -> Self {
        let Kin { keys, sign, confidence, since } = kin;
        let summary = in_words(keys.len(), &sign);
        let keys = keys
            .into_iter()
            .map(|(id, project)| Key { id: id.as_str().to_owned(), project_id: project.as_str().to_owned() });
        Self { keys: keys.collect(), sign, confidence, since: clock::iso(since), summary }
    }
}

fn in_words(keys: usize, sign: &KinSign) -> String {
    match sign {
        KinSign::SameNumber { number } => format!(
            "Google says that these {keys} keys are of one project, number {number}; they share its quota. Move them to one \
             project."
        ),
        KinSign::MetTogether { times } => format!(
            "These {keys} keys met a limit together {}, and what each had sent adds up to it. If they are of one project, \
             move them to one here.",
            if *times == 1 { "once".to_owned() } else { format!("{times} times") }
        ),
    }
}
