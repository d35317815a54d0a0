//! Where the next page of a list begins, as a word that clients hand back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::Moment;

/// The next page begins after the one that was made then and has this name.
pub(super) fn write(at: Moment, name: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}/{name}", at.0))
}

pub(super) fn read(token: &str) -> Option<(Moment, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (at, name) = text.split_once('/')?;
    Some((Moment(at.parse().ok()?), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_and_others_are_none() {
        let (at, name) = (Moment(1_795_377_600_000), "models/m/operations/o");
        assert_eq!(read(&write(at, name)), Some((at, name.to_owned())));
        for token in ["", "!", "abc", "eA"] {
            assert_eq!(read(token), None, "{token}");
        }
    }
}
