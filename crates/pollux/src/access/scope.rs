//! What a user may ask for, and from where: its allow-lists, read once.

use std::net::IpAddr;

use super::network::Network;
use crate::store::record::Rules;

/// A user's allow-lists. An empty one allows everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    models: Vec<String>,
    networks: Vec<Network>,
    /// An entry that cannot be read allows nothing, so a list of such entries is not an empty list.
    closed: bool,
}

impl Scope {
    /// The lists of these rules.
    pub(super) fn of(rules: &Rules) -> Self {
        let networks: Vec<Network> = rules.addresses.iter().filter_map(|text| text.parse().ok()).collect();
        let closed = networks.is_empty() && !rules.addresses.is_empty();
        Self { models: rules.models.clone(), networks, closed }
    }

    /// Whether a model may be asked for.
    pub fn allows_model(&self, id: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|pattern| matches(pattern, id))
    }

    /// Whether a call may come from this address. One that is not known is in no list.
    pub(super) fn allows_address(&self, address: Option<IpAddr>) -> bool {
        if self.networks.is_empty() {
            return !self.closed;
        }
        address.is_some_and(|address| self.networks.iter().any(|network| network.contains(address)))
    }
}

/// Whether a text is what a pattern says, `*` standing for any text. Linear in the text for each star.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(head) else { return false };
    let mut pieces = tail.split('*');
    let Some(last) = pieces.next_back() else { return true };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("gemini-2.5-flash", "gemini-2.5-flash", true),
            ("gemini-2.5-flash", "gemini-2.5-flash-lite", false),
            ("gemini-2.5-*", "gemini-2.5-pro", true),
            ("gemini-2.5-*", "gemini-2.5-", true),
            ("gemini-2.5-*", "gemini-3-pro", false),
            ("*", "", true),
            ("*-flash", "gemini-2.5-flash", true),
            ("*-flash", "gemini-2.5-flash-lite", false),
            ("*flash*", "gemini-2.5-flash-lite", true),
            ("gemini-*-flash-*", "gemini-2.5-flash-lite", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*b", "ab", false),
            ("a**b", "acb", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_empty_list_allows_all_and_a_broken_one_nothing() {
        let scope = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|text| (*text).to_owned()).collect();
            Scope::of(&Rules { addresses, ..Rules::default() })
        };
        let home = Some(IpAddr::from([127, 0, 0, 1]));
        assert!(scope(&[]).allows_address(home) && scope(&[]).allows_address(None));
        assert!(
            scope(&["127.0.0.0/8"]).allows_address(home) && !scope(&["127.0.0.0/8"]).allows_address(None)
        );
        assert!(!scope(&["10.0.0.1", "::1"]).allows_address(home));
        assert!(
            !scope(&["what?"]).allows_address(home) && scope(&["what?", "127.0.0.1"]).allows_address(home)
        );
    }
}
