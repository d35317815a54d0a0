//! `pollux config check|reference|sample`.

use clap::{Args, Subcommand};

use super::{Failure, say};
use crate::config::{self, Environment, Flags};

/// Check the configuration, or print what can be configured.
#[derive(Debug, Args)]
pub(super) struct ConfigCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read file, environment and flags, and report every problem.
    Check(Flags),
    /// Print every setting with its default, as Markdown.
    Reference,
    /// Print a commented `pollux.toml`.
    Sample,
}

pub(super) fn run(command: &ConfigCommand) -> Result<(), Failure> {
    match &command.action {
        Action::Check(flags) => {
            let config = config::load(flags, &Environment::of_process())?;
            config.warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
            say("The configuration is valid.");
        }
        Action::Reference => say(config::reference().trim_end()),
        Action::Sample => say(config::sample().trim_end()),
    }
    Ok(())
}
