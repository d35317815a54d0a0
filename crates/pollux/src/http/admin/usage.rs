//! Sums over calls: `/admin/usage`.

pub(super) mod sums;
