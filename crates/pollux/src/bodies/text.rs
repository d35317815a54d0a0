//! The four texts of a call as they are stored: one JSON object, deflated.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde::{Deserialize, Serialize};

/// How hard it is tried: little more is gained after this.
const LEVEL: u8 = 4;
/// The most that a row can hold when it is read again.
const LONGEST: usize = 64 << 20;

/// What was said in a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What the client asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// What Gemini was asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gemini_request: String,
    /// What Gemini answered, an event a line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gemini_response: String,
    /// What the client was answered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub response: String,
    /// The texts that were too long and are not whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
}

/// As it is stored; none if nothing was said.
pub(super) fn pack(said: &Said) -> Option<Vec<u8>> {
    let nothing = *said == Said::default();
    let text = serde_json::to_vec(said).ok().filter(|_| !nothing)?;
    Some(compress_to_vec_zlib(&text, LEVEL))
}

/// What was stored; none if it cannot be read.
pub fn read(content: &[u8]) -> Option<Said> {
    let text = decompress_to_vec_zlib_with_limit(content, LONGEST).ok()?;
    serde_json::from_slice(&text).ok()
}
