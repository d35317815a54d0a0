//! Who is logged in: `/admin/sessions`.

pub(super) mod end;
pub(super) mod end_all;
pub(super) mod list;
