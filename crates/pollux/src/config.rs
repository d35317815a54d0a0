//! What the operator wrote, turned into what is true.
//!
//! A setting may be written as a flag, in the environment or in `pollux.toml`; the first of these wins, then comes the
//! default. [`RawConfig`] is what was written, [`Config`] what follows from it. The step between reports every problem
//! at once, each with its key, where it stands, the reason and the way out. All settings are declared once: what is fixed at
//! the start in `config/keys.rs`, what can be turned later in the room `settings`, whose starting values are read here.
//! Flags, the reference page and the sample file are made from both.
//!
//! Invariant: a `Config` is valid and never changes; the environment is an argument.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::access::TrustedProxies;
use crate::http::{Doors, TlsFiles};
use crate::secret::Secret;
use crate::store::PostgresUrl;
use crate::{telemetry, upstream};

mod environment;
mod flags;
mod key;
mod keys;
mod mail;
mod parse;
mod problem;
mod raw;
mod reference;

pub use environment::Environment;
pub use flags::Flags;
pub use keys::Config;
pub use mail::Mail;
pub use problem::{Problem, Problems};
pub use raw::{File, RawConfig};
pub use reference::{reference, sample};

/// The file that is read when no other is named.
pub const FILE: &str = "pollux.toml";

/// Where lasting data goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// SQLite, in the data directory.
    InDataDir,
    /// SQLite, in this file.
    Sqlite(PathBuf),
    /// PostgreSQL, at this address.
    Postgres(PostgresUrl),
}

/// A user whose key is written in the configuration.
#[derive(Clone, Debug)]
pub struct UserKey {
    /// What the user is called.
    pub name: String,
    /// Its key.
    pub key: Secret,
}

/// Reads the file that flags or environment name, else `pollux.toml` if there is one, and validates the whole.
pub fn load(flags: &Flags, environment: &Environment) -> Result<Config, Problems> {
    let named = flags.config().or_else(|| environment.get("POLLUX_CONFIG").map(PathBuf::from));
    let file = match &named {
        Some(path) => Some(File::read(path)?),
        None if Path::new(FILE).exists() => Some(File::read(Path::new(FILE))?),
        None => None,
    };
    RawConfig::gather(flags, environment, file)?.validate()
}

/// The database that a command names, in the words of `database_url`.
pub fn database(text: &str) -> Result<Database, Problems> {
    parse::database(text).map_err(|bad| Problems(vec![Problem::new("to", bad.reason, bad.way_out)]))
}

/// A stretch of time as settings write it: `0`, `500ms`, `10s`, `2m`, `1h`.
pub fn patience(text: &str) -> Option<Duration> {
    crate::settings::span(text, "s")
}

impl Config {
    /// The configuration with nothing written.
    pub fn of_defaults() -> Result<Self, Problems> {
        RawConfig::gather(&Flags::default(), &Environment::default(), None)?.validate()
    }

    /// How Google is reached.
    pub fn upstream(&self) -> upstream::Settings {
        upstream::Settings {
            base_url: self.upstream_url.clone(),
            egress: self.egress_proxy.clone(),
            extra_roots: self.upstream_ca.clone(),
            connect_timeout: self.connect_timeout,
            deadlines: upstream::Deadlines {
                first_event: self.first_event_timeout,
                idle: self.idle_timeout,
                total: self.total_timeout,
            },
            http: self.upstream_http,
            pool_idle_timeout: self.pool_idle_timeout,
            max_idle_per_host: self.max_idle_connections,
        }
    }

    /// How the log is written.
    pub fn telemetry(&self) -> telemetry::Settings {
        telemetry::Settings { filter: self.log.clone(), format: self.log_format }
    }

    /// Where traces go.
    pub fn traces(&self) -> telemetry::trace::Settings {
        telemetry::trace::Settings {
            endpoint: self.otlp_endpoint.clone(),
            headers: self.otlp_headers.clone(),
            service: self.service_name.clone(),
            ratio: self.trace_ratio,
            trust_clients: self.trust_traceparent,
            every: self.trace_delay,
        }
    }

    /// What connections and calls may take up.
    pub fn doors(&self) -> Doors {
        let files = self.tls_cert.clone().zip(self.tls_key.clone());
        Doors {
            header_timeout: self.header_timeout,
            keep_alive: self.keep_alive_timeout,
            body_timeout: self.body_timeout,
            write_timeout: self.write_timeout,
            connections: self.max_connections,
            per_address: self.max_connections_per_address,
            calls: self.max_calls,
            bodies: self.max_bodies_mb << 20,
            tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
        }
    }

    /// The proxies in front of the gateway.
    pub fn proxies_in_front(&self) -> TrustedProxies {
        match &self.trusted_proxies {
            Some(networks) => TrustedProxies::new(networks.clone()),
            None if self.external_url.is_some() => TrustedProxies::render(),
            None => TrustedProxies::default(),
        }
    }

    /// The SQLite file, if the database is one.
    pub fn database_path(&self) -> Option<PathBuf> {
        match &self.database_url {
            Database::InDataDir => Some(self.data_dir.join("pollux.db")),
            Database::Sqlite(path) => Some(path.clone()),
            Database::Postgres(_) => None,
        }
    }

    /// What no single setting can say for itself.
    fn contradictions(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut addresses = [Some(self.listen), self.console_listen].into_iter().flatten();
        if let Some(address) = addresses.find(|one| !is_loopback(*one)).filter(|_| !self.admin_auth) {
            let reason = format!("cannot be off while listening on {address}, where others can reach it");
            let way_out = "listen on 127.0.0.1, or leave it on and use the admin token";
            found.push(Problem::new("admin_auth", reason, way_out));
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            let missing = if self.tls_cert.is_some() { "tls_key" } else { "tls_cert" };
            let reason = String::from("is missing, and the other of tls_cert and tls_key is there");
            found.push(Problem::new(missing, reason, "give both files, or neither"));
        }
        if self.first_event_timeout > self.total_timeout {
            let reason = String::from("is longer than total_timeout, which would always come first");
            found.push(Problem::new("first_event_timeout", reason, "shorten it, or lengthen total_timeout"));
        }
        let live = self.settings.values.contradictions().into_iter();
        found.extend(live.map(|(name, bad)| Problem::new(name, bad.reason, bad.way_out)));
        found
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests;
