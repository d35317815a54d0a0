//! `pollux migrate --to URL`: everything from one database to another.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{Failure, block_on, say};
use crate::app::{self, Migrated};
use crate::clock::SystemClock;
use crate::config::{self, Environment, Flags};

/// Copy everything to another database, SQLite to PostgreSQL or back, and check that it arrived. The gateway may run
/// meanwhile; stop it before the last run, which then copies what has changed. Broken off, it goes on where it was.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Where to: `postgres://USER:PASSWORD@HOST/DATABASE` or `sqlite:PATH`, empty or from an earlier try.
    #[arg(long, value_name = "URL", env = "POLLUX_MIGRATE_TO", hide_env_values = true)]
    to: String,
    /// Only count what there is to copy.
    #[arg(long)]
    dry_run: bool,
    /// Print counts and checksums as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(migrate: &Migrate) -> Result<(), Failure> {
    let config = config::load(&migrate.flags, &Environment::of_process())?;
    let target = config::database(&migrate.to)?;
    let target = (!migrate.dry_run).then_some(target);
    let Migrated { from, to, tables } = block_on(app::migrate(&config, target, Arc::new(SystemClock)))?;
    if migrate.json {
        say(&json!({ "from": from, "to": to, "tables": tables }).to_string());
        return Ok(());
    }
    for table in &tables {
        say(&format!("{:<18} {:>9} rows  {}", table.table, table.rows, table.checksum));
    }
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    say(&match to {
        Some(to) => format!("copied {rows} rows from {from} to {to}; counts and checksums agree"),
        None => format!("{rows} rows in {from} are to be copied; nothing was written"),
    });
    Ok(())
}
