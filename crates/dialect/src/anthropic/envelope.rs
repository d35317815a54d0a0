//! What we write into `signature`: Gemini's thought signature, in an envelope that tells ours from others.
//!
//! Anthropic's clients send `signature` back as they got it, or not at all. `pollux1.<check>.<signature>`: the version says how
//! to read it, the check tells a damaged one. What is not ours, or damaged, signs nothing: then the vault or the sentinel does.

/// Begins every envelope of this version.
const VERSION: &str = "pollux1";

/// Puts a signature into an envelope; a thought that Gemini did not sign gets an empty one, for clients want a string.
pub(super) fn seal(signature: &str) -> String {
    format!("{VERSION}.{:08x}.{signature}", check(signature))
}

/// The signature in an envelope; `None` for an empty, a damaged or somebody else's.
pub(super) fn open(text: &str) -> Option<String> {
    let (version, rest) = text.trim().split_once('.')?;
    let (sum, signature) = rest.split_once('.')?;
    let whole = u32::from_str_radix(sum, 16).is_ok_and(|sum| sum == check(signature));
    (version == VERSION && whole && !signature.is_empty()).then(|| signature.to_owned())
}

/// FNV-1a: against damage, not against malice; a forged signature is refused by Google.
fn check(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_ours_signs_nothing() {
        let real = seal("c2lnbmF0dXJl");
        assert_eq!(open(&real).as_deref(), Some("c2lnbmF0dXJl"));
        assert_eq!(open(&format!(" {real}\n")).as_deref(), Some("c2lnbmF0dXJl"));
        let cut = real.get(..real.len() - 1).unwrap();
        let newer = real.replace("pollux1", "pollux2");
        for strange in [
            "",
            "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds",
            "pollux1.zz.x",
            cut,
            &newer,
            &seal(""),
        ] {
            assert_eq!(open(strange), None, "{strange}");
        }
    }

    proptest! {
        #[test]
        fn an_envelope_gives_back_what_it_holds(signature in "[A-Za-z0-9+/=_-]{1,200}") {
            prop_assert_eq!(open(&seal(&signature)), Some(signature));
        }

        #[test]
        fn a_changed_letter_is_seen(signature in "[a-z]{8,40}", at in 0usize..8) {
            let damaged: String =
                signature.chars().enumerate().map(|(index, c)| if index == at { 'A' } else { c }).collect();
            let sealed = seal(&signature).replace(&signature, &damaged);
            prop_assert_eq!(open(&sealed), None);
        }
    }
}
