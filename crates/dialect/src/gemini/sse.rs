//! An incremental decoder for `text/event-stream` bodies (`wire.md` §7.1).
