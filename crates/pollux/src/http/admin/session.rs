//! Who am I: `/admin/session`.

pub(super) mod show;
