//! The `pollux` command: parse, dispatch, exit code.

fn main() {}
