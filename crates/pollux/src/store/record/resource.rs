//! What users have at Google.

use super::{KeyId, ProjectId, UserId};
use crate::clock::Moment;

/// Something that lives in one project and belongs to one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRow {
    /// Its name at Google: `files/abc`. Another user may have something of the same name in another project.
    pub name: String,
    /// Whose it is.
    pub user: UserId,
    /// Its collection: `files`.
    pub kind: String,
    /// Where it lives.
    pub project: ProjectId,
    /// The key by which it was made. Where the key goes, there it is, too.
    pub key: KeyId,
    /// When it was made.
    pub created_at: Moment,
    /// When Google deletes it, if that is known.
    pub expires_at: Option<Moment>,
}
