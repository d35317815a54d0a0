//! `pollux doctor`: look for what commonly goes wrong, and say what to do about it.

mod files;
mod gateway;
mod google;

use clap::Args;
use serde_json::json;

use super::{Failure, block_on, say};
use crate::config::{self, Environment, Flags};

/// Look for what commonly goes wrong. Exit code 1 if something does.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    flags: Flags,
    /// The address that clients use, to see whether a proxy in between gathers streams [default: `RENDER_EXTERNAL_URL`].
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Ask nothing of Google.
    #[arg(long)]
    offline: bool,
    /// Print JSON, one line for each finding.
    #[arg(long)]
    json: bool,
}

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    about: &'static str,
    grade: Grade,
    said: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Good,
    /// It works, but not as well or as safely as it could.
    Warning,
    Bad,
}

impl Finding {
    fn good(about: &'static str, said: impl Into<String>) -> Self {
        Self { about, grade: Grade::Good, said: said.into() }
    }

    fn warning(about: &'static str, said: impl Into<String>) -> Self {
        Self { about, grade: Grade::Warning, said: said.into() }
    }

    fn bad(about: &'static str, said: impl Into<String>) -> Self {
        Self { about, grade: Grade::Bad, said: said.into() }
    }

    fn line(&self, json: bool) -> String {
        let Self { about, grade, said } = self;
        let word = match grade {
            Grade::Good => "ok",
            Grade::Warning => "warning",
            Grade::Bad => "problem",
        };
        if json {
            json!({ "about": about, "grade": word, "said": said }).to_string()
        } else {
            format!("{word:8} {about:12} {said}")
        }
    }
}

pub(super) fn run(doctor: &Doctor) -> Result<(), Failure> {
    let config = config::load(&doctor.flags, &Environment::of_process())?;
    let mut findings: Vec<Finding> =
        config.warnings.iter().map(|warning| Finding::warning("settings", warning)).collect();
    findings.push(Finding::good("settings", "valid"));
    findings.extend(files::look(&config));
    let public = doctor.public_url.as_deref().or(config.external_url.as_deref());
    block_on(async {
        if !doctor.offline {
            findings.extend(google::look(&config).await);
        }
        findings.extend(gateway::look(&config, public).await);
        Ok(())
    })?;
    for finding in &findings {
        say(&finding.line(doctor.json));
    }
    let bad = findings.iter().filter(|finding| finding.grade == Grade::Bad).count();
    if bad > 0 {
        return Err(anyhow::anyhow!("{bad} problem{} found", if bad == 1 { "" } else { "s" }).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_told_in_a_line() {
        let finding = Finding::bad("clock", "is 90 s behind");
        assert_eq!(finding.line(false), "problem  clock        is 90 s behind");
        assert_eq!(finding.line(true), r#"{"about":"clock","grade":"problem","said":"is 90 s behind"}"#);
    }
}
