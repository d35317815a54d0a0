//! What `pollux doctor` asks for: `/admin/doctor`.

pub(super) mod drip;
