//! The command line: one file for each command.
//!
//! Exit codes: 0 done, 1 failed, 64 usage, 78 configuration.
//!
//! Invariant: decides nothing but which command runs and with which exit code it ends.

mod admin;
mod backup;
mod cleanup;
mod completions;
mod config;
mod demo;
mod doctor;
mod health;
mod keys;
mod migrate;
mod models;
mod projects;
mod remote;
mod replay;
mod restore;
mod serve;
mod simulate;
mod stats;
mod users;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Flags, Problems};

/// Serves OpenAI clients from a pool of Google Gemini API keys.
#[derive(Debug, Parser)]
#[command(name = "pollux", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway (the default).
    Serve(Flags),
    /// Run a gateway on a simulated Gemini with sample keys; nothing leaves this machine.
    Demo(demo::Demo),
    /// Run the simulated Gemini alone.
    Simulate(simulate::Simulate),
    /// Play a recorded day of calls to another pool or strategy.
    ///
    /// In virtual time: the real choice, the real queue, and a model of Google's metering. The pool knows no limit at
    /// first and learns each from a 429, as a fresh gateway does; clients that were refused do not try again. Record calls
    /// with `POLLUX_CALL_LOG=calls.jsonl`, or try it with `pollux replay --sample | pollux replay - --projects 4`.
    Replay(replay::Replay),
    /// Copy the database to a file, also while the gateway runs.
    Backup(backup::Backup),
    /// Put a backup in the place of the database; the gateway must not run.
    Restore(restore::Restore),
    /// Forget calls and usage events that are older than so many days.
    Cleanup(cleanup::Cleanup),
    /// Copy everything to another database, SQLite to PostgreSQL or back.
    Migrate(migrate::Migrate),
    /// Check the configuration, or print what can be configured.
    Config(config::ConfigCommand),
    /// Ways back in for the operator.
    Admin(admin::AdminCommand),
    /// The Gemini keys of a running gateway: list, add, check, move, switch, delete.
    Keys(keys::KeysCommand),
    /// The Google projects of a running gateway, which own the quota.
    Projects(projects::ProjectsCommand),
    /// Who may call a running gateway.
    Users(users::UsersCommand),
    /// The models of a running gateway, their limits and forecasts.
    Models(models::ModelsCommand),
    /// What a running gateway has been used for.
    Stats(stats::Stats),
    /// Look for what commonly goes wrong: clock, way to Google, permissions, database, proxies in between.
    Doctor(doctor::Doctor),
    /// Print a completion script for a shell.
    Completions(completions::Completions),
    /// Ask a running gateway whether it is healthy; for container health checks.
    Health(health::Health),
}

/// How a command can fail.
#[derive(Debug)]
enum Failure {
    /// It did not work.
    Failed(anyhow::Error),
    /// The configuration is wrong.
    Configuration(Problems),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Configuration(problems)
    }
}

const USAGE: u8 = 64;
const CONFIGURATION: u8 = 78;

/// Runs the command that the arguments name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
            let _ = error.print();
            return code;
        }
    };
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => {
            complain(&format!("pollux: {error:#}"));
            ExitCode::FAILURE
        }
        Err(Failure::Configuration(problems)) => {
            complain(&problems.to_string());
            ExitCode::from(CONFIGURATION)
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        None => serve::run(&cli.flags),
        Some(Command::Serve(flags)) => serve::run(&flags),
        Some(Command::Demo(demo)) => demo::run(&demo),
        Some(Command::Simulate(simulate)) => simulate::run(&simulate),
        Some(Command::Replay(replay)) => replay::run(&replay),
        Some(Command::Backup(backup)) => backup::run(&backup),
        Some(Command::Restore(restore)) => restore::run(&restore),
        Some(Command::Cleanup(cleanup)) => cleanup::run(&cleanup),
        Some(Command::Migrate(migrate)) => migrate::run(&migrate),
        Some(Command::Config(command)) => config::run(&command),
        Some(Command::Admin(command)) => admin::run(&command),
        Some(Command::Keys(command)) => keys::run(&command),
        Some(Command::Projects(command)) => projects::run(&command),
        Some(Command::Users(command)) => users::run(&command),
        Some(Command::Models(command)) => models::run(&command),
        Some(Command::Stats(stats)) => stats::run(&stats),
        Some(Command::Doctor(doctor)) => doctor::run(&doctor),
        Some(Command::Completions(completions)) => {
            completions::run(&completions);
            Ok(())
        }
        Some(Command::Health(health)) => health::run(&health),
    }
}

/// Prints to standard output; a closed pipe is not an error.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// The runtime every command runs on.
fn block_on<T>(task: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(task)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_flag_is_a_usage_error() {
        let code = run(["pollux", "serve", "--no-such-flag"].map(OsString::from));
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(64)));
    }
}
