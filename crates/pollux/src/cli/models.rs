//! `pollux models`: the models of a running gateway.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::Failure;
use super::remote::{Remote, Target, escaped};
use super::users::field;

/// The models of a running gateway.
#[derive(Debug, Args)]
pub(super) struct ModelsCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all models with their limits.
    List,
    /// Show one model.
    Show {
        /// Its name.
        name: String,
    },
    /// Change a model's limits or switch it on or off.
    Set {
        /// Its name.
        name: String,
        /// What is to be different, as NAME=VALUE: single_api_rpm_limit=10, status=0. May be repeated.
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = field)]
        fields: Vec<(String, Value)>,
    },
    /// When each model's quota runs dry at the present rate.
    Forecast,
}

pub(super) fn run(command: &ModelsCommand) -> Result<(), Failure> {
    command.target.run(async |remote| act(remote, &command.action).await)
}

async fn act(remote: &Remote, action: &Action) -> anyhow::Result<()> {
    let one = |name: &str| format!("/admin/models/{}", escaped(name));
    match action {
        Action::List => {
            let listed = remote.get("/admin/models").await?;
            let rows = listed.get("models").and_then(Value::as_array).cloned().unwrap_or_default();
            let columns = [
                ("MODEL", "/model_name"),
                ("RPM", "/rpm_limit"),
                ("TPM", "/tpm_limit"),
                ("RPD", "/rpd_limit"),
                ("ON", "/status"),
            ];
            remote.print_rows(&rows, &columns);
        }
        Action::Show { name } => remote.print(&remote.get(&one(name)).await?),
        Action::Set { name, fields } => {
            let body: Map<String, Value> = fields.iter().cloned().collect();
            remote.print(&remote.post(&one(name), &Value::Object(body)).await?);
        }
        Action::Forecast => remote.print(&remote.get("/admin/forecast").await?),
    }
    Ok(())
}
