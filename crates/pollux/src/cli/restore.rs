//! `pollux restore PATH`: puts a backup in the place of the database.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Failure, block_on, say};
use crate::app;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Environment, Flags};

/// Put a backup in the place of the database; the gateway must not run.
///
/// All of the backup is read first: checksum, SQLite's own check, schema version, whether the master key fits. The
/// former database is kept beside the new one.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    path: PathBuf,
    /// Only check whether it could be done.
    #[arg(long)]
    dry_run: bool,
    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(restore: &Restore) -> Result<(), Failure> {
    let config = config::load(&restore.flags, &Environment::of_process())?;
    let at = (!restore.dry_run).then(|| SystemClock.now());
    let done = block_on(app::restore(&config, &restore.path, at))?;
    let database = config.database_path().unwrap_or_default();
    if restore.json {
        let said = json!({
            "restored": !restore.dry_run,
            "database": database,
            "kept_aside": done.kept_aside,
            "backup": done.manifest,
        });
        say(&said.to_string());
        return Ok(());
    }
    let (made, schema) = (&done.manifest.created_at, done.manifest.schema);
    let users = done.manifest.rows.get("users").copied().unwrap_or_default();
    let keys = done.manifest.rows.get("keys").copied().unwrap_or_default();
    let verb = if restore.dry_run { "could restore" } else { "restored" };
    let what = format!("the backup of {made} (schema {schema}, {keys} keys, {users} users)");
    say(&format!("{verb} {what} to {}", database.display()));
    if let Some(aside) = &done.kept_aside {
        say(&format!("the former database is {}", aside.display()));
    }
    Ok(())
}
