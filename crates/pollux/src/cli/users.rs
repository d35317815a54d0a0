//! `pollux users`: who may call a running gateway.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::remote::{Column, Remote, Target, escaped};
use super::{Failure, say};

/// Who may call a running gateway.
#[derive(Debug, Args)]
pub(super) struct UsersCommand {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all users.
    List,
    /// Make a user and print its key, which is shown this once.
    Add {
        /// What it is called.
        name: String,
        #[command(flatten)]
        terms: Terms,
    },
    /// Show one user and what it has used of its limits.
    Show {
        /// Its id, as the list shows it.
        id: String,
    },
    /// Change what is said of a user.
    Set {
        /// Its id.
        id: String,
        /// Its name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        terms: Terms,
    },
    /// Let a user call again.
    Enable {
        /// Its id.
        id: String,
    },
    /// Turn a user away.
    Disable {
        /// Its id.
        id: String,
    },
    /// Give a user another key, which is shown this once; the old one stops working.
    Rotate {
        /// Its id.
        id: String,
    },
    /// Remove a user for good.
    Delete {
        /// Its id.
        id: String,
    },
}

/// What a user may do. Any field of the admin API can be given with `--field`.
#[derive(Debug, Args)]
struct Terms {
    /// When its key stops working: 2027-01-31T18:00:00Z.
    #[arg(long)]
    expires_at: Option<String>,
    /// Served by paid projects only: true or false.
    #[arg(long)]
    private: Option<bool>,
    /// Its share of turns relative to others, 1 to 100.
    #[arg(long)]
    weight: Option<u32>,
    /// Any other field, as NAME=VALUE with the value in JSON: `rpm=60`, `models=["gemini-*"]`, `rpm=null`. May be repeated.
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
    fields: Vec<(String, Value)>,
}

const COLUMNS: [Column; 7] = [
    ("ID", "/id"),
    ("NAME", "/name"),
    ("KEY", "/hint"),
    ("ON", "/enabled"),
    ("EXPIRES", "/expires_at"),
    ("WEIGHT", "/weight"),
    ("LAST USED", "/last_used_at"),
];

pub(super) fn run(command: &UsersCommand) -> Result<(), Failure> {
    command.target.run(async |remote| act(remote, &command.action).await)
}

async fn act(remote: &Remote, action: &Action) -> anyhow::Result<()> {
    let one = |id: &str| format!("/admin/users/{}", escaped(id));
    let nothing = json!({});
    match action {
        Action::List => remote.print_rows(&remote.all("/admin/users").await?, &COLUMNS),
        Action::Add { name, terms } => {
            remote.print(&remote.post("/admin/users", &terms.body(Some(name))).await?);
        }
        Action::Show { id } => remote.print(&remote.get(&one(id)).await?),
        Action::Set { id, name, terms } => {
            remote.print(&remote.patch(&one(id), &terms.body(name.as_deref())).await?);
        }
        Action::Enable { id } => remote.print(&remote.post(&format!("{}/enable", one(id)), &nothing).await?),
        Action::Disable { id } => {
            remote.print(&remote.post(&format!("{}/disable", one(id)), &nothing).await?);
        }
        Action::Rotate { id } => remote.print(&remote.post(&format!("{}/rotate", one(id)), &nothing).await?),
        Action::Delete { id } => {
            let _: Value = remote.delete(&one(id)).await?;
            say("removed");
        }
    }
    Ok(())
}

/// `NAME=VALUE`; a value that is no JSON is a text.
pub(super) fn field(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.trim().to_owned(), value))
}

impl Terms {
    fn body(&self, name: Option<&str>) -> Value {
        let Self { expires_at, private, weight, fields } = self;
        let mut body: Map<String, Value> = fields.iter().cloned().collect();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        put("name", name.map(Value::from));
        put("expires_at", expires_at.as_deref().map(Value::from));
        put("private", private.map(Value::from));
        put("weight", weight.map(Value::from));
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_may_be_anything_the_api_takes() {
        assert_eq!(field("rpm=60"), Ok(("rpm".to_owned(), json!(60))));
        assert_eq!(field("rpm=null"), Ok(("rpm".to_owned(), Value::Null)));
        assert_eq!(field("models=[\"gemini-*\"]").unwrap().1, json!(["gemini-*"]));
        assert_eq!(field("name=a=b").unwrap().1, json!("a=b"));
        assert!(field("rpm").is_err());
        let fields = vec![("rpm".to_owned(), json!(1))];
        let terms = Terms { expires_at: None, private: Some(true), weight: None, fields };
        assert_eq!(terms.body(Some("Ann")), json!({"rpm": 1, "name": "Ann", "private": true}));
    }
}
