//! `pollux backup PATH`: a checked copy of the database, also while the gateway runs.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, block_on, say};
use crate::app;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Environment, Flags};

/// Copy the database to a file, also while the gateway runs.
///
/// The copy is read back and checked before it gets its name. Secrets in it are sealed with the master key, which is not
/// in it: keep that one elsewhere. For PostgreSQL use pg_dump.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist.
    path: PathBuf,
    /// Print what it holds as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(backup: &Backup) -> Result<(), Failure> {
    let config = config::load(&backup.flags, &Environment::of_process())?;
    let manifest = block_on(app::back_up(&config, &backup.path, SystemClock.now()))?;
    if backup.json {
        say(&serde_json::to_string(&manifest).map_err(anyhow::Error::from)?);
    } else {
        let rows: i64 = manifest.rows.values().sum();
        say(&format!("wrote {}: {rows} rows, schema {}, checked", backup.path.display(), manifest.schema));
    }
    Ok(())
}
