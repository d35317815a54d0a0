//! `pollux completions`: what a shell needs to complete our commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print a completion script: `pollux completions bash > /etc/bash_completion.d/pollux`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(completions: &Completions) {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut super::Cli::command(), "pollux", &mut script);
    super::say(String::from_utf8_lossy(&script).trim_end());
}
