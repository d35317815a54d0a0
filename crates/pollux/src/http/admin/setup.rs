//! The first start: `/admin/setup`.

pub(super) mod claim;
pub(super) mod show;
