//! What was said in a call.

use std::fmt;

use super::UserId;
use crate::clock::Moment;

/// What was said in a call, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct BodiesRow {
    /// The id of the call.
    pub call: String,
    /// When it came.
    pub at: Moment,
    /// Whose call it was.
    pub user: UserId,
    /// The texts, compressed.
    pub content: Vec<u8>,
}

impl fmt::Debug for BodiesRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.content.len();
        f.debug_struct("BodiesRow").field("call", &self.call).field("bytes", &bytes).finish_non_exhaustive()
    }
}
