//! How much of the quotas a scheduler turns into answers: the same virtual traffic for each, in virtual time.

mod case;
mod hindsight;
mod options;
mod report;
mod rivals;
mod score;
mod traffic;
mod world;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use options::Options;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "yield-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    let rows = case::run_all(options);
    report::print(&mut std::io::stdout().lock(), options, &rows)?;
    Ok(())
}
