//! Scripts: which calls fail how, and which keys are broken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::key::{Key, KeyState};
use crate::options::Error;

/// Faults and key states, as JSON in a file or in `POST /__sim/script`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// States by key: its text, or its label such as `p0k1`.
    pub keys: BTreeMap<String, KeyState>,
    /// States by project number, for all of its keys.
    pub projects: BTreeMap<u32, KeyState>,
    /// Faults; the first rule that matches a call acts on it.
    pub rules: Vec<Rule>,
    /// Whether this script is added to the one in force, instead of replacing it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub append: bool,
}

/// Calls that fail, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Only calls with this key, by text or label.
    pub key: Option<String>,
    /// Only calls with keys of this project.
    pub project: Option<u32>,
    /// Only calls to this model.
    pub model: Option<String>,
    /// Only calls of this method, such as `streamGenerateContent`.
    pub method: Option<String>,
    /// Matching calls that are let through first.
    pub after: u64,
    /// Matching calls that are hit then; all of them when absent.
    pub times: Option<u64>,
    /// Short for the one matching call with this number, counted from 1.
    pub nth: Option<u64>,
    /// What goes wrong.
    pub fault: Faults,
}

/// One fault, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Faults {
    /// One name.
    One(Fault),
    /// A JSON list.
    Many(Vec<Fault>),
}

impl Default for Faults {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Faults {
    fn list(&self) -> Vec<Fault> {
        match self {
            Self::One(fault) => vec![*fault],
            Self::Many(faults) => faults.clone(),
        }
    }
}

impl Script {
    /// Reads a script from JSON text.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        Ok(serde_json::from_str(text)?)
    }
}

/// A call as rules see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cue<'a> {
    pub(crate) key: &'a Key,
    pub(crate) model: &'a str,
    pub(crate) method: &'a str,
}

/// A script in force, with the calls that each rule has seen.
#[derive(Debug, Default)]
pub(crate) struct Director {
    script: Script,
    seen: Vec<u64>,
}

impl Director {
    pub(crate) fn new(script: Script) -> Self {
        let seen = vec![0; script.rules.len()];
        Self { script, seen }
    }

    /// Takes a new script, in place of the old one or on top of it.
    pub(crate) fn take(&mut self, script: Script) {
        if script.append {
            self.script.keys.extend(script.keys);
            self.script.projects.extend(script.projects);
            self.seen.resize(self.seen.len() + script.rules.len(), 0);
            self.script.rules.extend(script.rules);
        } else {
            *self = Self::new(script);
        }
    }

    pub(crate) fn script(&self) -> &Script {
        &self.script
    }

    pub(crate) fn key_state(&self, key: &Key) -> KeyState {
        let by_key = self.script.keys.get(&key.text).or_else(|| self.script.keys.get(&key.label()));
        by_key.or_else(|| self.script.projects.get(&key.project)).copied().unwrap_or_default()
    }

    /// The faults of the first rule whose turn it is; every rule counts the calls that fit it.
    pub(crate) fn faults(&mut self, cue: Cue<'_>) -> Vec<Fault> {
        let mut faults = None;
        for (rule, seen) in self.script.rules.iter().zip(&mut self.seen) {
            if rule.fits(cue) {
                *seen += 1;
                if faults.is_none() && rule.is_due(*seen) {
                    faults = Some(rule.fault.list());
                }
            }
        }
        faults.unwrap_or_default()
    }
}

impl Rule {
    fn fits(&self, cue: Cue<'_>) -> bool {
        let key = self.key.as_deref().is_none_or(|key| key == cue.key.text || key == cue.key.label());
        let project = self.project.is_none_or(|project| project == cue.key.project);
        let model = self.model.as_deref().is_none_or(|model| model == cue.model);
        key && project && model && self.method.as_deref().is_none_or(|method| method == cue.method)
    }

    fn is_due(&self, seen: u64) -> bool {
        match self.nth {
            Some(nth) => seen == nth,
            None => {
                seen > self.after && self.times.is_none_or(|times| seen <= self.after.saturating_add(times))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(director: &mut Director, project: u32, model: &str) -> String {
        let key = Key { text: "k".to_owned(), project, index: 0 };
        let faults = director.faults(Cue { key: &key, model, method: "generateContent" });
        faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("+")
    }

    #[test]
    fn rules_count_their_own_calls() {
        let text = r#"{"rules": [
            {"model": "a", "after": 1, "times": 2, "fault": "503"},
            {"project": 1, "nth": 2, "fault": ["429-day", "dribble"]},
            {"key": "p2k0", "fault": "slow-first:5"}]}"#;
        let mut director = Director::new(Script::from_json(text).unwrap());
        let calls = [
            (0, "a", ""),
            (0, "a", "503"),
            (1, "a", "503"),
            (0, "a", ""),
            (1, "b", "429-day+dribble"),
            (1, "b", ""),
        ];
        for (at, (project, model, expected)) in calls.into_iter().enumerate() {
            assert_eq!(hit(&mut director, project, model), expected, "call {at}");
        }
        assert_eq!(hit(&mut director, 2, "b"), "slow-first:5");
    }

    #[test]
    fn scripts_replace_or_append_and_refuse_typing_errors() {
        let mut director = Director::new(Script::from_json(r#"{"keys": {"p0k0": "leaked"}}"#).unwrap());
        director.take(Script::from_json(r#"{"append": true, "projects": {"0": "suspended"}}"#).unwrap());
        let key = |index| Key { text: format!("k{index}"), project: 0, index };
        assert_eq!(director.key_state(&key(0)), KeyState::Leaked);
        assert_eq!(director.key_state(&key(1)), KeyState::Suspended);
        director.take(Script::default());
        assert_eq!(director.key_state(&key(0)), KeyState::Valid);
        assert!(Script::from_json(r#"{"rules": [{"fault": "50x"}]}"#).is_err());
        assert!(Script::from_json(r#"{"rulez": []}"#).is_err());
    }
}
