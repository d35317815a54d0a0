//! Keys: what they look like, whose they are, and what may be wrong with them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::noise::Dice;
use crate::options::{Error, Options};

/// One API key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) project: u32,
    pub(crate) index: u32,
}

impl Key {
    /// A short name without the secret, used in state and scripts.
    pub(crate) fn label(&self) -> String {
        format!("p{}k{}", self.project, self.index)
    }

    /// The project number as Google prints it.
    pub(crate) fn consumer(&self) -> String {
        consumer(self.project)
    }

    /// Auth keys work in the header only (wire.md §1 fact 1).
    pub(crate) fn is_header_only(&self) -> bool {
        self.text.starts_with("AQ.")
    }
}

/// Google's number of a simulated project.
pub(crate) fn consumer(project: u32) -> String {
    format!("projects/{}", 700_000_000_000_u64 + u64::from(project))
}

/// What is wrong with a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Nothing: it works.
    #[default]
    Valid,
    /// 400, API key not valid (E1).
    Invalid,
    /// 400, API key expired (E2).
    Expired,
    /// 403, reported as leaked (E10).
    Leaked,
    /// 403, consumer suspended, with the key in clear (E11).
    Suspended,
    /// 403, the API is not enabled in the project (E12).
    ServiceDisabled,
    /// 403, the key may not call this API (E13).
    Blocked,
    /// 403, the key is restricted to a referrer (E14).
    Referrer,
    /// 403, the caller does not have permission (E16).
    Permission,
    /// 400, user location not supported (E5).
    Region,
    /// 429, prepayment credits are depleted (E22).
    Billing,
}

/// All keys of a simulator.
#[derive(Debug)]
pub(crate) struct KeyRing {
    keys: Vec<Key>,
    by_text: HashMap<String, usize>,
}

impl KeyRing {
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        let keys = if options.keys.is_empty() { invented(options) } else { named(options) };
        if keys.is_empty() {
            return Err(Error::NoKeys);
        }
        let mut by_text = HashMap::new();
        for (at, key) in keys.iter().enumerate() {
            if by_text.insert(key.text.clone(), at).is_some() {
                return Err(Error::DuplicateKey { label: key.label() });
            }
        }
        Ok(Self { keys, by_text })
    }

    pub(crate) fn all(&self) -> &[Key] {
        &self.keys
    }

    pub(crate) fn find(&self, text: &str) -> Option<&Key> {
        self.by_text.get(text).and_then(|at| self.keys.get(*at))
    }
}

fn invented(options: &Options) -> Vec<Key> {
    let pairs = (0..options.projects)
        .flat_map(|project| (0..options.keys_per_project).map(move |index| (project, index)));
    pairs.map(|(project, index)| Key { text: secret(options.seed, project, index), project, index }).collect()
}

fn named(options: &Options) -> Vec<Key> {
    let mut next: HashMap<u32, u32> = HashMap::new();
    let mut keys = Vec::new();
    for name in &options.keys {
        let index = next.entry(name.project).or_default();
        keys.push(Key { text: name.key.clone(), project: name.project, index: *index });
        *index += 1;
    }
    keys
}

/// Both shapes that AI Studio hands out are in circulation, so both are invented.
fn secret(seed: u64, project: u32, index: u32) -> String {
    let place = (u64::from(project) << 32) | u64::from(index);
    let mut dice = Dice::new(crate::noise::hash_with("key", seed) ^ place.wrapping_mul(0x9e37_79b9));
    if (project + index).is_multiple_of(2) {
        format!("AIzaSy{}", dice.letters(33))
    } else {
        format!("AQ.Ab8RN6{}", dice.letters(44))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::options::NamedKey;

    #[test]
    fn invented_keys_are_reproducible_distinct_and_look_real() {
        let options = Options { projects: 4, keys_per_project: 3, seed: 7, ..Options::default() };
        let texts = |options: &Options| -> Vec<String> {
            KeyRing::new(options).unwrap().all().iter().map(|key| key.text.clone()).collect()
        };
        let keys = texts(&options);
        assert_eq!(keys, texts(&options));
        assert_ne!(keys, texts(&Options { seed: 8, ..options }));
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 12);
        assert!(
            keys.iter().all(|key| (key.starts_with("AIza") && key.len() == 39) || key.starts_with("AQ."))
        );
    }

    #[test]
    fn named_keys_are_numbered_within_their_project_and_unique() {
        let named = |list: &[(u32, &str)]| {
            let keys = list
                .iter()
                .map(|(project, key)| NamedKey { project: *project, key: (*key).to_owned() })
                .collect();
            KeyRing::new(&Options { keys, ..Options::default() })
        };
        let ring = named(&[(0, "a"), (5, "b"), (0, "c")]).unwrap();
        assert_eq!(ring.find("c").unwrap().label(), "p0k1");
        assert_eq!(ring.find("b").unwrap().consumer(), "projects/700000000005");
        assert!(matches!(named(&[(0, "a"), (1, "a")]), Err(Error::DuplicateKey { .. })));
    }
}
