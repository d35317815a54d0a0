//! Requests to Google, each on its own: `/admin/attempts`.

pub(super) mod list;
