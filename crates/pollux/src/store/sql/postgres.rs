//! The store in PostgreSQL.
//!
//! One pool for reading and writing, small because the store is not on the way of calls. TLS is rustls, with Mozilla's
//! roots or those of `sslrootcert`.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions, Connection, Error, Executor};
use tokio::time::Instant;

use super::pool::Pool;
use super::{Kind, PATIENCE, SqlStore, Texts};
use crate::clock::Moment;
use crate::secret::Secret;
use crate::store::backup::Occupancy;
use crate::store::{Result, StoreError};

/// How long a connection may take to show that it is alive.
const ALIVE_WITHIN: Duration = Duration::from_secs(1);
/// A connection used this recently is taken to be alive.
const FRESH: Duration = Duration::from_secs(1);
/// The pauses between attempts to connect at start, from … to.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// Parameters of the address that mean something here.
const KNOWN: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// Parameters that providers write into addresses and that this program can do without.
const PASSED_OVER: &[&str] = &["channel_binding", "connect_timeout", "gssencmode", "target_session_attrs"];

/// The address of a database. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    url: Secret,
    shown: String,
}

impl FromStr for PostgresUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (front, query) = text.split_once('?').unwrap_or((text, ""));
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap_or_default();
            if KNOWN.contains(&name) || name.starts_with("options[") || name.starts_with("options%5B") {
                kept.push(pair);
            } else if !PASSED_OVER.contains(&name) {
                return Err(format!("has a parameter `{name}` that is not known here"));
            }
        }
        let url = if kept.is_empty() { front.to_owned() } else { format!("{front}?{}", kept.join("&")) };
        let options = PgConnectOptions::from_str(&url).map_err(|error| match error {
            Error::Configuration(reason) => format!("cannot be read ({reason})"),
            _ => "cannot be read".to_owned(),
        })?;
        let place = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let database = options.get_database().unwrap_or(options.get_username());
        let shown = format!("postgres://{}@{place}/{database}", options.get_username());
        Ok(Self { url: Secret::new(url), shown })
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// How the PostgreSQL server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresSettings {
    /// The most connections this process opens.
    pub connections: u32,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long a start waits for a server that does not answer yet.
    pub wait: Duration,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self { connections: 10, statement_timeout: Duration::from_secs(10), wait: Duration::from_secs(30) }
    }
}

impl SqlStore {
    /// Connects to the server, waiting for one that is still starting, and brings the schema up to date.
    pub async fn open_postgres(
        address: &PostgresUrl,
        settings: PostgresSettings,
        now: Moment,
    ) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let failed = |source| StoreError::Server { address: address.to_string(), source };
        let options = address.url.expose().parse::<AnyConnectOptions>().map_err(failed)?;
        let options = options.disable_statement_logging();
        // The pool would try again and again and then only say that it took too long.
        let first = reach(&options, address, settings.wait).await.map_err(failed)?;
        let deadline = settings.statement_timeout + FRESH;
        let pool = Pool::with_deadline(pool(settings).connect_lazy_with(options), deadline);
        let store = Self {
            writer: pool.clone(),
            readers: pool,
            kind: Kind::Postgres,
            texts: Texts::new(Kind::Postgres),
            occupancy: Occupancy::default(),
        };
        store.migrate(now).await?;
        first.close().await.map_err(failed)?;
        Ok(store)
    }
}

/// The first connection. A server that cannot be reached or is starting is asked again, one that refuses is not.
async fn reach(
    options: &AnyConnectOptions,
    address: &PostgresUrl,
    wait: Duration,
) -> Result<AnyConnection, Error> {
    let end = Instant::now() + wait;
    let mut pause = PAUSES.0;
    loop {
        let late = |_| Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not answer"));
        let error = match tokio::time::timeout(PATIENCE, options.connect()).await.map_err(late).flatten() {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        if !StoreError::is_passing_state(&error) || Instant::now() + pause > end {
            return Err(error);
        }
        tracing::warn!(%address, %error, "the database cannot be reached yet; trying again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

fn pool(settings: PostgresSettings) -> AnyPoolOptions {
    let hello = hello(settings.statement_timeout);
    let lost = Lost::default();
    let noticed = lost.clone();
    AnyPoolOptions::new()
        .max_connections(settings.connections.max(1))
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let hello = hello.clone();
            Box::pin(async move { connection.execute(sqlx::raw_sql(AssertSqlSafe(hello))).await.map(drop) })
        })
        .before_acquire(move |connection, its| {
            let lost = lost.clone();
            Box::pin(async move { lost.check_idle(connection, its).await })
        })
        .after_release(move |connection, its| {
            let lost = noticed.clone();
            Box::pin(async move { lost.check(connection, its).await })
        })
}

/// What every connection is told first. Whatever the database or the role has as defaults, statements mean the same.
fn hello(statement_timeout: Duration) -> String {
    let limit = statement_timeout.as_millis();
    format!(
        "SET statement_timeout = {limit}; SET lock_timeout = {limit}; \
         SET idle_in_transaction_session_timeout = {}; SET client_min_messages = warning; \
         SET default_transaction_isolation = 'read committed'; SET standard_conforming_strings = on",
        limit.saturating_mul(2)
    )
}

/// When a connection was last found dead. Those that were idle then are dead too, and finding that out one by one would
/// take as many time-outs as there are connections.
#[derive(Clone, Debug, Default)]
struct Lost(Arc<Mutex<Option<Instant>>>);

impl Lost {
    /// Before an idle connection is used.
    async fn check_idle(
        &self,
        connection: &mut AnyConnection,
        its: PoolConnectionMetadata,
    ) -> Result<bool, Error> {
        if its.idle_for < FRESH {
            return Ok(true);
        }
        let at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if at.is_some_and(|at| at.elapsed() <= its.idle_for) {
            return Err(gone());
        }
        self.check(connection, its).await
    }

    async fn check(
        &self,
        connection: &mut AnyConnection,
        _its: PoolConnectionMetadata,
    ) -> Result<bool, Error> {
        let alive = tokio::time::timeout(ALIVE_WITHIN, connection.ping()).await.map_err(|_| gone()).flatten();
        if alive.is_err() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        alive.map(|()| true)
    }
}

fn gone() -> Error {
    Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the connection is dead"))
}

#[cfg(test)]
mod tests;
