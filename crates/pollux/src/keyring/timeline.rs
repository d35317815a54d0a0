//! The turns in the life of a key: written down as they happen, told as from one state to the next.
//!
//! Minute quotas come and go all day and are in the log of attempts; everything longer is told here.

use std::collections::{HashMap, HashSet};

use dialect::gemini::outcome::Outcome;
use pool::{Change, Grade, Moment, Scope, What};

use super::Keyring;
use super::roll::{DEAD, READY};
use super::roster::Roster;
use crate::store::record::{KeyId, Turn};
use crate::store::{StoreError, TURNS};

/// The most characters of what Google said that are kept.
const LONGEST_DETAIL: usize = 500;
/// More scopes than this are not remembered.
const MOST_OPEN: usize = 10_000;

/// The state of a key that a bench holds, as it is told.
const BENCHED: &str = "benched";
/// The state of a key that was switched off, as it is told.
pub(super) const DISABLED: &str = "disabled";
/// Why, if it was nobody's fault.
pub(super) const BY_AN_OPERATOR: &str = "by an operator";

/// A turn, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub turn: Turn,
    /// The state before it; none if that was forgotten.
    pub from: Option<String>,
    /// It was its project that was held, and all its keys with it.
    pub of_project: bool,
}

/// What Google said with a failure, short enough to keep.
pub(super) fn detail(outcome: &Outcome) -> String {
    let status = match (&outcome.rpc_status, outcome.status) {
        (Some(name), 0) => name.clone(),
        (Some(name), status) => format!("{status} {name}"),
        (None, 0) => String::new(),
        (None, status) => status.to_string(),
    };
    let text = if outcome.message.is_empty() { status } else { format!("{status}: {}", outcome.message) };
    let text = text.trim_start_matches(": ").replace('\0', "");
    match text.char_indices().nth(LONGEST_DETAIL) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Which changes of the pool are turns.
#[derive(Debug, Default)]
pub(super) struct Chronicle {
    /// Benches of one model that were told, so that their end is told too.
    open: HashSet<Scope>,
}

impl Chronicle {
    /// The turns that these changes are.
    pub(super) fn turns(&mut self, changes: &[Change], detail: &str, roster: &Roster) -> Vec<Turn> {
        changes.iter().filter_map(|change| self.turn(change, detail, roster)).collect()
    }

    fn turn(&mut self, change: &Change, detail: &str, roster: &Roster) -> Option<Turn> {
        let (scope, state, reason, until) = match &change.what {
            What::Benched { scope, grade, reason, until } if *grade != Grade::Minute => {
                self.remember(scope);
                (scope, BENCHED, reason.as_ref(), Some(*until))
            }
            What::Dead { scope, reason } => (scope, DEAD, reason.as_ref(), None),
            What::Cleared { scope } => {
                let is_told = self.open.remove(scope) || matches!(scope, Scope::Key(_) | Scope::Project(_));
                is_told.then_some((scope, READY, "works again", None))?
            }
            What::Benched { .. }
            | What::Learned { .. }
            | What::Unlearned { .. }
            | What::Alias { .. }
            | What::Tier { .. }
            | What::Incident { .. } => return None,
        };
        let (owner, model) = match scope {
            Scope::Key(key) => (roster.key(*key)?.id.to_string(), ""),
            Scope::KeyModel(key, model) => (roster.key(*key)?.id.to_string(), model.as_str()),
            Scope::Project(project) => (roster.project_id(*project)?.to_string(), ""),
            Scope::Bucket(project, model) => (roster.project_id(*project)?.to_string(), model.as_str()),
            Scope::Model(_) => return None,
        };
        Some(Turn {
            at: change.at,
            owner,
            model: model.to_owned(),
            state: state.to_owned(),
            until: until.filter(|until| *until != Moment::NEVER),
            reason: reason.to_owned(),
            detail: if state == READY { String::new() } else { detail.to_owned() },
        })
    }

    fn remember(&mut self, scope: &Scope) {
        if matches!(scope, Scope::KeyModel(..) | Scope::Bucket(..)) && self.open.len() < MOST_OPEN {
            self.open.insert(scope.clone());
        }
    }
}

/// Turns, the latest first, each with the state before it. What changes nothing is left out.
fn told(turns: Vec<Turn>, key: &KeyId) -> Vec<Told> {
    let mut kept: HashMap<String, usize> = HashMap::new();
    for turn in &turns {
        *kept.entry(turn.owner.clone()).or_default() += 1;
    }
    // Where nothing was forgotten, it began as it begins for every key.
    let first = |owner: &str| (kept.get(owner) < Some(&TURNS)).then(|| READY.to_owned());
    let mut states: HashMap<(String, String), (String, Option<Moment>)> = HashMap::new();
    let mut told: Vec<Told> = Vec::with_capacity(turns.len());
    for turn in turns.into_iter().rev() {
        let subject = (turn.owner.clone(), turn.model.clone());
        let now = (turn.state.clone(), turn.until);
        let from = match states.insert(subject, now) {
            Some((_, Some(until))) if until <= turn.at => Some(READY.to_owned()),
            Some((state, _)) => Some(state),
            None => first(&turn.owner),
        };
        if from.as_deref() != Some(READY) || turn.state != READY {
            told.push(Told { from, of_project: turn.owner != key.as_str(), turn });
        }
    }
    told.reverse();
    told
}

impl Keyring {
    /// What became of a key, and of its project as far as it concerned the key; the latest first.
    pub async fn timeline(&self, id: &KeyId) -> Result<Vec<Told>, StoreError> {
        let row = self.store.key(id).await?;
        let turns = self.store.list_turns(&[id.as_str(), row.project.as_str()]).await?;
        Ok(told(turns, id))
    }

    /// Notes what an operator did to a key. That it cannot be noted does not undo it.
    pub(super) async fn note_turn(&self, id: &KeyId, state: &str, reason: &str) {
        let turn = Turn {
            at: self.now(),
            owner: id.to_string(),
            model: String::new(),
            state: state.to_owned(),
            until: None,
            reason: reason.to_owned(),
            detail: String::new(),
        };
        if let Err(error) = self.store.add_turns(&[turn]).await {
            tracing::warn!(%error, "a turn of a key was not written down");
        }
    }
}

#[cfg(test)]
mod tests {
    use dialect::gemini::outcome::classify;
    use pool::{KeyId as Handle, ProjectId};

    use super::*;
    use crate::secret::Secret;

    const NOW: Moment = Moment(1_795_305_600_000);
    const MODEL: &str = "gemini-2.5-flash";

    fn roster() -> Roster {
        let mut roster = Roster::default();
        roster.put_key("key_1".into(), "project_1".into(), Secret::new("secret"), NOW);
        roster
    }

    fn change(at: i64, what: What) -> Change {
        Change { at: NOW.plus_ms(at), what }
    }

    fn benched(at: i64, scope: Scope, grade: Grade, ms: i64) -> Change {
        change(at, What::Benched { scope, grade, reason: "odd".into(), until: NOW.plus_ms(at + ms) })
    }

    fn bucket() -> Scope {
        Scope::Bucket(ProjectId(0), MODEL.to_owned())
    }

    fn lines(told: &[Told]) -> Vec<String> {
        let line = |told: &Told| {
            let Told { turn, from, of_project } = told;
            let from = from.as_deref().unwrap_or("?");
            format!("{} {from}→{} {} {of_project}", turn.at.since(NOW), turn.state, turn.model)
        };
        told.iter().map(line).collect()
    }

    #[test]
    fn a_key_is_told_from_state_to_state() {
        let key = Scope::Key(Handle(0));
        let changes = [
            benched(0, bucket(), Grade::Minute, 30_000),
            change(1, What::Cleared { scope: bucket() }),
            benched(10, bucket(), Grade::Day, 1_000),
            benched(20, key.clone(), Grade::Suspect, 5_000),
            change(30, What::Dead { scope: key.clone(), reason: "leaked".into() }),
            change(40, What::Cleared { scope: key }),
            benched(2_000, bucket(), Grade::Day, 1_000),
            change(2_500, What::Cleared { scope: bucket() }),
            benched(3_000, Scope::Model(MODEL.to_owned()), Grade::Soft, 10),
        ];
        let turns = Chronicle::default().turns(&changes, "429 RESOURCE_EXHAUSTED", &roster());
        assert!(turns.iter().all(|turn| (turn.detail.is_empty()) == (turn.state == READY)), "{turns:?}");
        let told = told(turns.into_iter().rev().collect(), &"key_1".into());
        assert_eq!(
            lines(&told),
            [
                "2500 benched→ready gemini-2.5-flash true",
                "2000 ready→benched gemini-2.5-flash true",
                "40 dead→ready  false",
                "30 benched→dead  false",
                "20 ready→benched  false",
                "10 ready→benched gemini-2.5-flash true",
            ]
        );
    }

    #[test]
    fn what_was_before_the_first_that_is_kept_is_not_made_up() {
        let turn = |at: i64| Turn {
            at: NOW.plus_ms(at),
            owner: "key_1".to_owned(),
            model: String::new(),
            state: if at % 2 == 0 { DISABLED } else { READY }.to_owned(),
            until: None,
            reason: String::new(),
            detail: String::new(),
        };
        let turns: Vec<Turn> = (0..100).rev().map(turn).collect();
        assert_eq!(turns.len(), TURNS);
        let whole = told(turns.clone(), &"key_1".into());
        assert_eq!((whole.len(), whole.last().and_then(|told| told.from.clone())), (TURNS, None));
        let fewer = told(turns[1..].to_vec(), &"key_1".into());
        assert_eq!(fewer.last().and_then(|told| told.from.as_deref()), Some(READY));
    }

    #[test]
    fn what_google_said_is_short_and_without_keys() {
        let key = format!("AIzaSy{}", "a1B".repeat(11));
        let message = format!("API key {key} was reported as leaked. {}", "x".repeat(900));
        let body = serde_json::json!({ "error": { "code": 403, "message": message, "status": "PERMISSION_DENIED" } });
        let outcome = classify(403, Some("application/json"), body.to_string().as_bytes());
        let said = detail(&outcome);
        assert!(said.starts_with("403 PERMISSION_DENIED: API key"), "{said}");
        assert!(!said.contains(&key) && said.chars().count() <= LONGEST_DETAIL + 1, "{said}");
    }
}
