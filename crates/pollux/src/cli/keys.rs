//! `pollux keys`: the Gemini keys of a running gateway.

use std::io::Read;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::remote::{Column, Remote, Target, escaped};
use super::{Failure, say};

/// The Gemini keys of a running gateway.
#[derive(Debug, Args)]
pub(super) struct KeysCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all keys with their states.
    List,
    /// Add keys, in any form: lines, CSV, JSON, `.env`. Read from the file, or from standard input.
    Add {
        /// The file; `-` or nothing for standard input. Keys are never taken from the command line, which others can see.
        file: Option<std::path::PathBuf>,
    },
    /// Show one key.
    Show {
        /// Its id, as the list shows it.
        id: String,
    },
    /// Let a key serve again.
    Enable {
        /// Its id.
        id: String,
    },
    /// Keep a key from serving.
    Disable {
        /// Its id.
        id: String,
    },
    /// Ask Google whether the key is good; costs no quota.
    Check {
        /// Its id.
        id: String,
    },
    /// Count a key to another project.
    Move {
        /// Its id.
        id: String,
        /// The project's label.
        #[arg(long)]
        project: String,
    },
    /// Remove a key and its secret for good.
    Delete {
        /// Its id.
        id: String,
    },
}

const COLUMNS: [Column; 7] = [
    ("ID", "/id"),
    ("KEY", "/hint"),
    ("LABEL", "/label"),
    ("PROJECT", "/project_id"),
    ("ON", "/enabled"),
    ("STATE", "/state/name"),
    ("REASON", "/state/reason"),
];

pub(super) fn run(command: &KeysCommand) -> Result<(), Failure> {
    command.target.run(async |remote| act(remote, &command.action).await)
}

async fn act(remote: &Remote, action: &Action) -> anyhow::Result<()> {
    let one = |id: &str| format!("/admin/keys/{}", escaped(id));
    let nothing = json!({});
    match action {
        Action::List => remote.print_rows(&remote.all("/admin/keys").await?, &COLUMNS),
        Action::Add { file } => {
            let text = text_of(file.as_deref())?;
            remote.print(&remote.post("/admin/keys", &json!({ "key": text })).await?);
        }
        Action::Show { id } => remote.print(&remote.get(&one(id)).await?),
        Action::Enable { id } => remote.print(&remote.post(&format!("{}/enable", one(id)), &nothing).await?),
        Action::Disable { id } => {
            remote.print(&remote.post(&format!("{}/disable", one(id)), &nothing).await?);
        }
        Action::Check { id } => remote.print(&remote.post(&format!("{}/check", one(id)), &nothing).await?),
        Action::Move { id, project } => {
            let body = json!({ "project": project });
            remote.print(&remote.post(&format!("{}/move", one(id)), &body).await?);
        }
        Action::Delete { id } => {
            let _: Value = remote.delete(&one(id)).await?;
            say("removed");
        }
    }
    Ok(())
}

fn text_of(file: Option<&std::path::Path>) -> anyhow::Result<String> {
    if let Some(path) = file.filter(|path| *path != std::path::Path::new("-")) {
        return std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("standard input is no text")?;
    Ok(text)
}
