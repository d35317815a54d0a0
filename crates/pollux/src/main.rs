//! The `pollux` command: parse, dispatch, exit code.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pollux::cli::run(std::env::args_os())
}
