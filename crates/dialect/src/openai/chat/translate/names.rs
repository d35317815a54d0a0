//! Function names that Gemini takes, and the way back (`wire.md` §4.4, `gemini-2026-11.md` §3.4).

use std::collections::{HashMap, HashSet};

/// Longest name Gemini takes.
const MAX: usize = 128;
/// Longest name we make up.
const MADE: usize = 64;

/// The names of one request: those the client uses and those Gemini sees.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashMap<String, String>,
    taken: HashSet<String>,
}

impl Names {
    /// Reserves the names that are legal as they are, so that no made-up name can take their place.
    pub(super) fn new<'a>(declared: impl Iterator<Item = &'a str>) -> Self {
        let mut names = Self::default();
        for name in declared.filter(|name| is_legal(name)) {
            names.keep(name, name.to_owned());
        }
        names
    }

    /// The name Gemini sees: the same one if legal, else a made-up one, always the same in one request.
    pub(super) fn sent(&mut self, name: &str) -> String {
        if let Some(sent) = self.known.get(name) {
            return sent.clone();
        }
        let mut made = if is_legal(name) { name.to_owned() } else { make(name) };
        let mut salt = 0;
        while self.taken.contains(&made) {
            made = suffixed(&make(name), name, salt);
            salt += 1;
        }
        self.keep(name, made.clone());
        made
    }

    /// The way back, for the names that differ.
    pub(super) fn into_renamed(self) -> HashMap<String, String> {
        self.known.into_iter().filter(|(name, sent)| name != sent).map(|(name, sent)| (sent, name)).collect()
    }

    fn keep(&mut self, name: &str, sent: String) {
        self.taken.insert(sent.clone());
        self.known.insert(name.to_owned(), sent);
    }
}

fn legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.:-".contains(c)
}

fn is_legal(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.len() <= MAX && name.chars().all(legal)
}

fn make(name: &str) -> String {
    let mut made: String = name.chars().map(|c| if legal(c) { c } else { '_' }).collect();
    if !made.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        made.insert(0, '_');
    }
    if made.len() > MADE { suffixed(&made, name, 0) } else { made }
}

/// The made-up name, cut, with a hash of the whole original behind it.
fn suffixed(made: &str, original: &str, salt: u32) -> String {
    let hash = original
        .bytes()
        .chain(salt.to_le_bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let head: String = made.chars().take(MADE - 9).collect();
    format!("{head}_{hash:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn legal_names_stay_and_others_are_made_legal() {
        let mut names = Names::new(["get_weather", "a.b:c-d"].into_iter());
        assert_eq!(names.sent("get_weather"), "get_weather");
        assert_eq!(names.sent("a.b:c-d"), "a.b:c-d");
        assert_eq!(names.sent("my tool"), "my_tool");
        assert_eq!(names.sent("7zip"), "_7zip");
        assert_eq!(names.sent("查询"), "__");
        let other = names.sent("搜索");
        assert!(other.starts_with("___") && other != "__");
        let long = names.sent(&"x".repeat(200));
        assert_eq!(long.len(), 64);
    }

    #[test]
    fn a_made_up_name_never_takes_a_declared_one() {
        let mut names = Names::new(["my tool", "my_tool"].into_iter());
        assert_eq!(names.sent("my_tool"), "my_tool");
        let made = names.sent("my tool");
        assert_ne!(made, "my_tool");
        assert_eq!(names.into_renamed(), HashMap::from([(made, "my tool".to_owned())]));
    }

    proptest! {
        #[test]
        fn names_are_legal_and_distinct(all in proptest::collection::hash_set(".{1,140}", 1..12)) {
            let mut names = Names::new(all.iter().map(String::as_str));
            let sent: HashSet<String> = all.iter().map(|name| names.sent(name)).collect();
            prop_assert_eq!(sent.len(), all.len());
            for name in &sent {
                prop_assert!(is_legal(name), "{}", name);
            }
            let again: HashSet<String> = all.iter().map(|name| names.sent(name)).collect();
            prop_assert_eq!(sent, again);
        }
    }
}
