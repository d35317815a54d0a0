//! Public ids: stable for a call's seed, unlike each other, short enough for every client.

use std::collections::HashSet;

use super::Stamp;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// OpenAI's own clients limit ids to this in places (`wire.md` §4.6).
const LONGEST: usize = 40;

/// Hands out the ids of one answer.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    state: u128,
    taken: HashSet<String>,
}

impl Ids {
    pub(crate) fn new(stamp: Stamp) -> Self {
        Self { state: stamp.seed, taken: HashSet::new() }
    }

    /// `chatcmpl-` and Google's id of the answer, or a made one.
    pub(crate) fn completion(&mut self, response_id: Option<&str>) -> String {
        match response_id.filter(|id| is_plain(id)) {
            Some(id) => format!("chatcmpl-{id}"),
            None => self.made("chatcmpl-"),
        }
    }

    /// Gemini's id of the call if it is usable and new in this answer, else a made one.
    pub(crate) fn call(&mut self, gemini_id: Option<&str>) -> String {
        let usable = gemini_id.filter(|id| is_plain(id) && id.len() <= LONGEST && !self.taken.contains(*id));
        let id = usable.map_or_else(|| self.made("call_"), str::to_owned);
        self.taken.insert(id.clone());
        id
    }

    /// An id of the given prefix and 24 letters and digits.
    pub(crate) fn made(&mut self, prefix: &str) -> String {
        let mut id = String::with_capacity(prefix.len() + 24);
        id.push_str(prefix);
        for _ in 0..24 {
            let letter = usize::try_from(self.next() % 62).unwrap_or(0);
            id.push(char::from(BASE62.get(letter).copied().unwrap_or(b'0')));
        }
        id
    }

    /// SplitMix64 over both halves of the seed: not secret, only unlike.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let folded = (self.state ^ (self.state >> 64)) & u128::from(u64::MAX);
        let mut bits = u64::try_from(folded).unwrap_or(0);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}

fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(seed: u128) -> Ids {
        Ids::new(Stamp { created: 0, seed })
    }

    #[test]
    fn made_ids_differ_within_and_between_answers_and_repeat_for_a_seed() {
        let mut seen = HashSet::new();
        for seed in 0..50 {
            let mut ids = ids(seed);
            assert!((0..50).all(|_| seen.insert(ids.call(None))), "seed {seed}");
        }
        assert!(seen.iter().all(|id| id.len() == 29 && id.starts_with("call_")));
        assert_eq!(ids(7).call(None), ids(7).call(None));
    }

    #[test]
    fn geminis_id_is_kept_when_it_can_serve() {
        let long = "x".repeat(41);
        let table: [(&str, bool); 6] = [
            ("jm4owj31", true),
            ("", false),
            (&long, false),
            ("has space", false),
            ("zwölf", false),
            ("function-call-123", true),
        ];
        for (id, kept) in table {
            assert_eq!(ids(1).call(Some(id)) == id, kept, "{id:?}");
        }
    }

    #[test]
    fn a_repeated_gemini_id_is_not_used_twice() {
        let mut ids = ids(1);
        assert_eq!(ids.call(Some("same")), "same");
        assert_ne!(ids.call(Some("same")), "same");
    }
}
