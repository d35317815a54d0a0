//! stub

pub mod intake;
