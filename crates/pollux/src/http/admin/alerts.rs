//! Alerts: `/admin/alerts`. What is worth one is said in the settings, who is told in the configuration.

pub(super) mod list;
pub(super) mod test;
