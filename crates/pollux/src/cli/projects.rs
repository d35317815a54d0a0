//! `pollux projects`: the Google projects of a running gateway, which own the quota.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::Failure;
use super::remote::{Column, Remote, Target, escaped};
use super::users::field;

/// The Google projects of a running gateway, which own the quota.
#[derive(Debug, Args)]
pub(super) struct ProjectsCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all projects.
    List,
    /// Show one project with its keys, limits and buckets.
    Show {
        /// Its id, as the list shows it.
        id: String,
    },
    /// Change what is said of a project: label, tier, weight, priority, enabled, notes.
    Set {
        /// Its id.
        id: String,
        /// What is to be different, as NAME=VALUE: tier=paid, weight=3, enabled=false. May be repeated.
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = field)]
        fields: Vec<(String, Value)>,
    },
    /// Projects that look like one and the same; nothing is merged unless you do it.
    Suggestions,
}

const COLUMNS: [Column; 6] = [
    ("ID", "/id"),
    ("LABEL", "/label"),
    ("TIER", "/tier"),
    ("WEIGHT", "/weight"),
    ("PRIORITY", "/priority"),
    ("ON", "/enabled"),
];

pub(super) fn run(command: &ProjectsCommand) -> Result<(), Failure> {
    command.target.run(async |remote| act(remote, &command.action).await)
}

async fn act(remote: &Remote, action: &Action) -> anyhow::Result<()> {
    let one = |id: &str| format!("/admin/projects/{}", escaped(id));
    match action {
        Action::List => remote.print_rows(&remote.all("/admin/projects").await?, &COLUMNS),
        Action::Show { id } => remote.print(&remote.get(&one(id)).await?),
        Action::Set { id, fields } => {
            let body: Map<String, Value> = fields.iter().cloned().collect();
            remote.print(&remote.patch(&one(id), &Value::Object(body)).await?);
        }
        Action::Suggestions => remote.print(&remote.get("/admin/projects/suggestions").await?),
    }
    Ok(())
}
