//! `pollux admin reset-token`: a way back in, for whoever can reach the database.

use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Failure, block_on, complain, say};
use crate::app;
use crate::clock::SystemClock;
use crate::config::{self, Environment, Flags};

/// Ways back in for the operator.
#[derive(Debug, Args)]
pub(super) struct AdminCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a new admin token, print it once, and end all sessions in the console. The old token stops working; a gateway
    /// that is running notices within a minute.
    ResetToken(Flags),
}

pub(super) fn run(command: &AdminCommand) -> Result<(), Failure> {
    match &command.action {
        Action::ResetToken(flags) => {
            let config = config::load(flags, &Environment::of_process())?;
            let token = block_on(app::reset_admin_token(&config, Arc::new(SystemClock)))?;
            say(&format!("admin token (shown only now): {}", token.expose()));
            if config.admin_token.is_some() {
                complain(
                    "pollux: POLLUX_ADMIN_TOKEN is set and replaces this one at the next start; take it away",
                );
            }
        }
    }
    Ok(())
}
