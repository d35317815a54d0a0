//! Thought signatures: opaque bytes that say which simulator, project and call they belong to (wire.md §4.6).

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};

use crate::noise::{Dice, hash, hash_with};

/// Values that Google documents as a way around the check, raw or in base64.
const SENTINELS: &[&str] = &["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];
const MAGIC: &[u8; 4] = b"\x12\x2asg";
const BODY: usize = 4 + 4 + 8 + 8;
const PADDING: usize = 180;

/// Issues and checks signatures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notary {
    pub(crate) seed: u64,
    pub(crate) bind_to_project: bool,
}

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forgery {
    /// Not base64.
    NotBase64,
    /// Not issued here, or damaged.
    Corrupted,
    /// Issued here, for another call or another project.
    Misplaced,
}

impl Notary {
    /// A signature for a call of this name; plain text and images are signed with an empty name.
    pub(crate) fn issue(self, project: u32, name: &str, salt: u64) -> String {
        let mut bytes = Vec::with_capacity(BODY + PADDING);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&project.to_le_bytes());
        bytes.extend_from_slice(&hash(name.as_bytes()).to_le_bytes());
        bytes.extend_from_slice(&self.seal(project, name).to_le_bytes());
        bytes.extend(Dice::new(salt).bytes(PADDING));
        STANDARD.encode(bytes)
    }

    /// Checks the signature that came back on a call.
    pub(crate) fn check(self, project: u32, name: &str, signature: &str) -> Result<(), Forgery> {
        if is_sentinel(signature) {
            return Ok(());
        }
        let bytes = decode(signature).ok_or(Forgery::NotBase64)?;
        let issuer = read_u32(&bytes, 4).ok_or(Forgery::Corrupted)?;
        let signed_name = read_u64(&bytes, 8).ok_or(Forgery::Corrupted)?;
        let seal = read_u64(&bytes, 16).ok_or(Forgery::Corrupted)?;
        if bytes.len() != BODY + PADDING || !bytes.starts_with(MAGIC) {
            return Err(Forgery::Corrupted);
        }
        let is_for_name = signed_name == hash(name.as_bytes());
        if is_for_name && seal != self.seal(issuer, name) {
            return Err(Forgery::Corrupted);
        }
        if !is_for_name || (self.bind_to_project && issuer != project) {
            return Err(Forgery::Misplaced);
        }
        Ok(())
    }

    fn seal(self, project: u32, name: &str) -> u64 {
        hash_with(&format!("{project}/{name}"), self.seed ^ 0x5eed)
    }
}

fn is_sentinel(signature: &str) -> bool {
    let decoded = decode(signature).and_then(|bytes| String::from_utf8(bytes).ok());
    SENTINELS.iter().any(|known| *known == signature || decoded.as_deref() == Some(known))
}

/// Base64 in either alphabet, with or without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
    let plain: String = text
        .chars()
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    engine.decode(plain).ok()
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|slice| slice.try_into().ok()).map(u32::from_le_bytes)
}

fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8).and_then(|slice| slice.try_into().ok()).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_accepted_on_its_own_call_only() {
        let notary = Notary { seed: 1, bind_to_project: false };
        let signature = notary.issue(0, "weather", 9);
        let url_safe = signature.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned();
        let damaged = format!("{}AAAA", signature.get(..signature.len() - 4).unwrap());
        for (given, name, expected) in [
            (signature.as_str(), "weather", Ok(())),
            (&url_safe, "weather", Ok(())),
            (&signature, "other", Err(Forgery::Misplaced)),
            ("skip_thought_signature_validator", "x", Ok(())),
            ("c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=", "x", Ok(())),
            ("context_engineering_is_the_way_to_go", "x", Ok(())),
            ("AAAA", "weather", Err(Forgery::Corrupted)),
            ("not base64!", "weather", Err(Forgery::NotBase64)),
            (damaged.get(4..).unwrap(), "weather", Err(Forgery::Corrupted)),
        ] {
            assert_eq!(notary.check(3, name, given), expected, "{given}");
        }
        let other_seed = Notary { seed: 2, bind_to_project: false };
        assert_eq!(other_seed.check(0, "weather", &signature), Err(Forgery::Corrupted));
        let bound = Notary { bind_to_project: true, ..notary };
        assert_eq!(bound.check(0, "weather", &signature), Ok(()));
        assert_eq!(bound.check(3, "weather", &signature), Err(Forgery::Misplaced));
    }
}
