//! Talking to the admin API of a running gateway, for the commands that do.

mod table;

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use super::{Failure, block_on, say};
use crate::config::{self, Environment, Flags};
use crate::secret::Secret;

pub(super) use table::Column;

/// Longer than any admin request takes.
const WITHIN: Duration = Duration::from_mins(2);
/// The most rows a page may have.
const PAGE: usize = 1_000;

/// Which gateway is meant, and how the answer is printed.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Target {
    /// Where the gateway answers [env: POLLUX_URL] [default: where the configuration says it listens].
    #[arg(long, value_name = "URL", global = true)]
    url: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

/// A gateway that can be asked.
#[derive(Debug)]
pub(super) struct Remote {
    base: String,
    token: Secret,
    json: bool,
}

impl Target {
    /// Runs `work` with the gateway that is meant. The token comes from `POLLUX_ADMIN_TOKEN` or the configuration file.
    pub(super) fn run(&self, work: impl AsyncFnOnce(&Remote) -> anyhow::Result<()>) -> Result<(), Failure> {
        let remote = self.remote(&Environment::of_process())?;
        Ok(block_on(work(&remote))?)
    }

    fn remote(&self, environment: &Environment) -> Result<Remote, Failure> {
        let config = config::load(&Flags::default(), environment)?;
        let given = self.url.clone().or_else(|| environment.get("POLLUX_URL").map(str::to_owned));
        let base = given.unwrap_or_else(|| format!("http://{}", super::health::reachable(config.listen)));
        let token = config.admin_token.context(
            "the admin token is needed: set POLLUX_ADMIN_TOKEN, or admin_token in the configuration file",
        )?;
        Ok(Remote { base: base.trim_end_matches('/').to_owned(), token, json: self.json })
    }
}

impl Remote {
    /// What GET answers.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// What POST answers.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// What PATCH answers.
    pub(super) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// Removes what is there.
    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None).await
    }

    /// All rows of a list, page by page.
    pub(super) async fn all(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(&format!("{path}{join}limit={PAGE}{after}")).await?;
            match page.get_mut("data").map(Value::take) {
                Some(Value::Array(data)) => rows.extend(data),
                _ => bail!("the gateway answered {path} with no list; is it of another version?"),
            }
            let Some(next) = page.get("next").and_then(Value::as_str) else { return Ok(rows) };
            after = format!("&after={}", escaped(next));
        }
    }

    /// Prints rows as a table, or as they are.
    pub(super) fn print_rows(&self, rows: &[Value], columns: &[Column]) {
        if self.json {
            for row in rows {
                say(&row.to_string());
            }
        } else if rows.is_empty() {
            say("nothing there");
        } else {
            say(&table::table(rows, columns));
        }
    }

    /// Prints one thing: field by field, or as it is.
    pub(super) fn print(&self, thing: &Value) {
        if self.json {
            say(&thing.to_string());
        } else {
            say(&table::fields(thing));
        }
    }

    /// Whether a program reads what is printed.
    pub(super) fn prints_json(&self) -> bool {
        self.json
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let uri = format!("{}{path}", self.base);
        let request = Request::builder()
            .method(method)
            .uri(&uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.expose()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.map(Value::to_string).unwrap_or_default())));
        let request = request.with_context(|| format!("{} is no address of a gateway", self.base))?;
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let answered = async {
            let response = client.request(request).await?;
            let status = response.status();
            anyhow::Ok((status, response.into_body().collect().await?.to_bytes()))
        };
        let answered = timeout(WITHIN, answered).await.context("no answer in time")?;
        let (status, bytes) = answered.with_context(|| format!("nothing answers at {}", self.base))?;
        read(status, &bytes)
    }
}

/// What an answer says, or why it is a refusal.
fn read(status: StatusCode, bytes: &[u8]) -> anyhow::Result<Value> {
    let body = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice::<Value>(bytes) };
    if !status.is_success() {
        let detail = body.ok().and_then(|body| body.get("detail")?.as_str().map(str::to_owned));
        bail!(detail.unwrap_or_else(|| format!("the gateway answered {status}")));
    }
    body.context("the answer is no JSON; is this a Pollux gateway?")
}

/// A text as part of a path or query.
pub(super) fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_gateways_words() {
        let said = |status, body: &str| read(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        assert_eq!(said(204, "").unwrap(), Value::Null);
        assert_eq!(said(200, r#"{"a":1}"#).unwrap()["a"], 1);
        let refused = said(422, r#"{"detail":"`name` is required."}"#).unwrap_err();
        assert_eq!(refused.to_string(), "`name` is required.");
        assert_eq!(said(502, "<html>").unwrap_err().to_string(), "the gateway answered 502 Bad Gateway");
        assert!(said(200, "<html>").unwrap_err().to_string().contains("no JSON"));
    }

    #[test]
    fn the_token_is_asked_for_by_name() {
        let none: Environment = [("POLLUX_CONFIG", "")].into_iter().collect();
        let Err(Failure::Failed(error)) = Target::default().remote(&none) else { panic!("went through") };
        assert!(error.to_string().contains("POLLUX_ADMIN_TOKEN"), "{error}");
        let some = [("POLLUX_ADMIN_TOKEN", "0123456789"), ("POLLUX_URL", "https://a.example/pollux/")];
        let Ok(remote) = Target::default().remote(&some.into_iter().collect()) else { panic!("refused") };
        assert_eq!(remote.base, "https://a.example/pollux");
    }
}
