//! Instructions as callgrind counts them, beside those that were recorded: a change that makes something dearer is noticed
//! on any machine, however busy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::json;

/// Instructions by what was done.
pub type Figures = BTreeMap<String, u64>;

/// The instructions of a profile.
///
/// # Errors
/// When it is not there, or no profile.
pub fn total(profile: &Path) -> anyhow::Result<u64> {
    let text = fs::read_to_string(profile).with_context(|| format!("no profile {}", profile.display()))?;
    let total = text.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.context("a profile without a total")?.trim().parse()?)
}

/// Prints the figures beside the recorded ones of a file, and one line of JSON. With `record` they become the recorded ones.
/// They may be so many hundredths above them: what hangs on time differs from run to run.
///
/// # Errors
/// When something has become dearer.
pub fn compare(figures: &Figures, (path, tolerated): (&Path, u64), record: bool) -> anyhow::Result<()> {
    let recorded: Figures = match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).context("the recorded figures cannot be read")?,
        Err(_) => Figures::new(),
    };
    let mut table = format!("{:<28} {:>14} {:>14}\n", "", "instructions", "recorded");
    for (name, figure) in figures {
        let before = recorded.get(name).map_or_else(|| "–".to_owned(), u64::to_string);
        writeln!(table, "{name:<28} {figure:>14} {before:>14}")?;
    }
    writeln!(std::io::stdout(), "{table}{}", json!(figures))?;
    if record {
        return Ok(fs::write(path, serde_json::to_string_pretty(figures)? + "\n")?);
    }
    let dearer = dearer(figures, &recorded, tolerated);
    if dearer.is_empty() {
        return Ok(());
    }
    bail!("dearer by more than {tolerated} % than {} says: {}", path.display(), dearer.join("; "))
}

fn dearer<'a>(figures: &'a Figures, recorded: &Figures, tolerated: u64) -> Vec<&'a str> {
    let dearer = |name: &str, figure: u64| {
        recorded.get(name).is_some_and(|before| figure > before + before * tolerated / 100)
    };
    figures.iter().filter(|(name, figure)| dearer(name, **figure)).map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_more_than_a_little_more_is_named_and_what_is_new_is_not() {
        let figures = |figures: &[(&str, u64)]| -> Figures {
            figures.iter().map(|(name, figure)| ((*name).to_owned(), *figure)).collect()
        };
        let recorded = figures(&[("a", 1_000), ("b", 1_000), ("gone", 7)]);
        assert!(dearer(&figures(&[("a", 1_030), ("b", 500), ("new", 9)]), &recorded, 3).is_empty());
        assert_eq!(dearer(&figures(&[("a", 1_031), ("b", 1_030)]), &recorded, 3), ["a"]);
    }

    #[test]
    fn a_profile_says_its_total() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profile");
        assert!(total(&path).is_err());
        fs::write(&path, "events: Ir\nsummary: 12\nfn=(1) x\n1 12\n\ntotals: 12\n").unwrap();
        assert_eq!(total(&path).unwrap(), 12);
    }
}
