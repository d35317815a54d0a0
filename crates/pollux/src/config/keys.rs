//! Every setting that is fixed at the start; those that can be turned later are in `settings/values.rs`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use pool::account::Zone;

use super::key::settings;
use super::problem::Problem;
use super::raw::RawConfig;
use super::{Database, Mail, UserKey, mail, parse};
use crate::access::Network;
use crate::journal::Fsync;
use crate::secret::Secret;
use crate::settings::{Configured, KEYS as LIVE, Key};
use crate::shared::RedisUrl;
use crate::telemetry::Format;
use crate::upstream::{BaseUrl, EgressProxy, HttpVersion};

settings! {
    section "Server" {
        /// The address to listen on. `PORT`, which hosting services set, means `0.0.0.0` with that port;
        /// `POLLUX_LISTEN` goes before it.
        listen: SocketAddr = "127.0.0.1:8000", open "listen", ["POLLUX_LISTEN", "PORT"], parse::listen;
        /// Another address to listen on, for those who look for the console at port 8501, where the original had it:
        /// `127.0.0.1:8501`. Everything answers there too.
        console_listen: Option<SocketAddr> = "", open "console-listen", ["POLLUX_CONSOLE_LISTEN"], parse::listen_too;
        /// The directory for the database, the journal and the generated master key.
        data_dir: PathBuf = "./data", open "data-dir", ["POLLUX_DATA_DIR"], parse::path;
        /// The database: `postgres://USER:PASSWORD@HOST/DATABASE`, or `sqlite:PATH`. Without it, `pollux.db` in the data
        /// directory.
        database_url: Database = "", masked "database-url", ["DATABASE_URL"], parse::database;
        /// How many connections to PostgreSQL one gateway opens at most.
        database_connections: usize = "10", open "database-connections", ["POLLUX_DATABASE_CONNECTIONS"], parse::count;
        /// Redis or Valkey, through which several replicas share their limits: `redis://USER:PASSWORD@HOST:PORT/NUMBER`, or
        /// `rediss://` with TLS. Without it, the gateway is one replica.
        redis_url: Option<RedisUrl> = "", masked "redis-url", ["REDIS_URL"], parse::redis;
        /// What the names of all keys in Redis begin with, for several gateways in one.
        redis_prefix: String = "pollux", open "redis-prefix", ["POLLUX_REDIS_PREFIX"], parse::redis_prefix;
        /// How long Redis may take to answer before this replica goes on by itself.
        redis_timeout: Duration = "500ms", open "redis-timeout", ["POLLUX_REDIS_TIMEOUT"], parse::duration;
        /// The largest request body, in megabytes. Google takes 100 MB of inline data, which base64 makes larger.
        max_body_mb: usize = "140", open "max-body-mb", ["POLLUX_MAX_BODY_MB"], parse::count;
        /// How long the gateway goes on as before after the first stop signal, with `/readyz` answering 503, so that a load
        /// balancer sends new calls elsewhere. Longer than the balancer needs to notice.
        stop_notice: Duration = "0s", open "stop-notice", ["POLLUX_STOP_NOTICE"], parse::patience;
        /// How long open calls may go on after that.
        drain_timeout: Duration = "300s", open "drain-timeout", ["POLLUX_DRAIN_TIMEOUT"], parse::patience;
        /// `on` lets the header `x-sim-fault` through to a simulator. For tests.
        allow_sim_faults: bool = "off", open "allow-sim-faults", ["POLLUX_ALLOW_SIM_FAULTS"], parse::switch;
    }
    section "Door" {
        /// How long the head of a request may take to come, and the TLS handshake before it.
        header_timeout: Duration = "20s", open "header-timeout", ["POLLUX_HEADER_TIMEOUT"], parse::duration;
        /// How long a connection may lie unused. Longer than the proxy in front keeps its own, or calls meet a closed one.
        keep_alive_timeout: Duration = "5m", open "keep-alive-timeout", ["POLLUX_KEEP_ALIVE_TIMEOUT"], parse::duration;
        /// How long the body of a request may fall silent while it is sent; less than 1 KB/s counts as silence.
        body_timeout: Duration = "30s", open "body-timeout", ["POLLUX_BODY_TIMEOUT"], parse::duration;
        /// How long a client may take nothing of an answer that waits for it.
        write_timeout: Duration = "60s", open "write-timeout", ["POLLUX_WRITE_TIMEOUT"], parse::duration;
        /// How many connections there may be at once. Each needs a file descriptor, and each call two.
        max_connections: usize = "8192", open "max-connections", ["POLLUX_MAX_CONNECTIONS"], parse::count;
        /// How many connections, and calls, one address may have at once; of IPv6, one /64. Trusted proxies, this machine and
        /// private networks are not counted, but those for whom a trusted proxy speaks are.
        max_connections_per_address: usize = "256", open "max-connections-per-address",
            ["POLLUX_MAX_CONNECTIONS_PER_ADDRESS"], parse::count;
        /// How many calls there may be at once. From three quarters on, only requests up to 256 KB come in.
        max_calls: usize = "4096", open "max-calls", ["POLLUX_MAX_CALLS"], parse::count;
        /// How many megabytes of requests calls may hold at once; from three quarters on, again only small ones come in. A
        /// request that is larger comes in if it is alone. Translating takes about twice this much.
        max_bodies_mb: usize = "128", open "max-bodies-mb", ["POLLUX_MAX_BODIES_MB"], parse::count;
        /// A PEM file with the certificate and its chain, to speak TLS (HTTP/2 and 1.1) without a proxy in front. Read again when
        /// it changes, and at SIGHUP.
        tls_cert: Option<PathBuf> = "", open "tls-cert", ["POLLUX_TLS_CERT"], parse::optional_path;
        /// A PEM file with the private key of `tls_cert`.
        tls_key: Option<PathBuf> = "", open "tls-key", ["POLLUX_TLS_KEY"], parse::optional_path;
    }
    section "Users" {
        /// The proxies whose `X-Forwarded-For` (and `X-Forwarded-Proto`) is believed: addresses and networks, separated by
        /// commas, and the names `loopback`, `private` and `cloudflare`; `none` for nobody. `auto` is nobody too, except on Render, whose
        /// own network and Cloudflare stand in front of every service.
        trusted_proxies: Option<Vec<Network>> = "auto", open "trusted-proxies", ["POLLUX_TRUSTED_PROXIES"],
            parse::proxies_in_front;
        /// The time zone in which the days and months of users' limits begin, such as `Asia/Shanghai`. Google's day is
        /// always that of Los Angeles.
        limits_time_zone: Zone = "UTC", open "limits-time-zone", ["POLLUX_LIMITS_TIME_ZONE"], parse::time_zone;
    }
    section "Credentials" {
        /// Gemini API keys, separated by commas, spaces or line breaks. They are added to those in the database at
        /// every start.
        gemini_api_keys: Vec<Secret> = "", secret, ["GEMINI_API_KEYS"], parse::secrets;
        /// User keys, `NAME=KEY` separated by commas or line breaks, each key at least 16 characters. Users that are not
        /// in the database are made at the start; on a host without a disk these are the ones that stay.
        user_keys: Vec<UserKey> = "", secret, ["POLLUX_USER_KEYS"], parse::user_keys;
        /// The token for administration, at least 8 characters. Without it, one is generated and printed once.
        admin_token: Option<Secret> = "", secret, ["POLLUX_ADMIN_TOKEN", "ADMIN_TOKEN"], parse::token;
        /// `off` opens administration to everybody; refused unless listening on loopback.
        admin_auth: bool = "on", open "admin-auth", ["POLLUX_ADMIN_AUTH"], parse::switch;
        /// How long a session in the console lasts without being used.
        session_idle: Duration = "2h", open "session-idle", ["POLLUX_SESSION_IDLE"], parse::duration;
        /// How long a session in the console lasts altogether.
        session_length: Duration = "24h", open "session-length", ["POLLUX_SESSION_LENGTH"], parse::duration;
        /// How many days the audit keeps what operators did.
        audit_days: Duration = "365", open "audit-days", ["POLLUX_AUDIT_DAYS"], parse::days;
        /// Seals the secrets in the database, at least 16 characters. Without it, a key file is kept in the data
        /// directory.
        master_key: Option<Secret> = "", secret, ["POLLUX_MASTER_KEY"], parse::master_key;
    }
    section "Google" {
        /// Where the Gemini API lives. A path is kept, so that a relay of your own can stand in between.
        upstream_url: BaseUrl = "https://generativelanguage.googleapis.com", masked "upstream-url",
            ["POLLUX_UPSTREAM_URL"], parse::base_url;
        /// Proxies on the way to Google, separated by commas: `http://`, `https://` or `socks5://`, each with
        /// `user:password@` if need be. Several take turns.
        egress_proxy: Vec<EgressProxy> = "", masked "egress-proxy", ["POLLUX_EGRESS_PROXY"], parse::proxies;
        /// A PEM file of certificates to trust besides the public ones, for networks that inspect TLS.
        upstream_ca: Option<PathBuf> = "", open "upstream-ca", ["POLLUX_UPSTREAM_CA"], parse::optional_path;
        /// The protocol: `auto`, `1` or `2`.
        upstream_http: HttpVersion = "auto", open "upstream-http", ["POLLUX_UPSTREAM_HTTP"], parse::http_version;
        /// How long opening a connection may take, name lookup, proxy and TLS included.
        connect_timeout: Duration = "10s", open "connect-timeout", ["POLLUX_CONNECT_TIMEOUT"], parse::duration;
        /// How long one attempt waits for the first byte of an answer.
        first_event_timeout: Duration = "2m", open "first-event-timeout", ["POLLUX_FIRST_EVENT_TIMEOUT"],
            parse::duration;
        /// How long an answer may fall silent in the middle. Gemini is silent for minutes while it thinks.
        idle_timeout: Duration = "5m", open "idle-timeout", ["POLLUX_IDLE_TIMEOUT"], parse::duration;
        /// How long one exchange with Google may take altogether.
        total_timeout: Duration = "20m", open "total-timeout", ["POLLUX_TOTAL_TIMEOUT"], parse::duration;
        /// How long an unused connection is kept.
        pool_idle_timeout: Duration = "30s", open "pool-idle-timeout", ["POLLUX_POOL_IDLE_TIMEOUT"],
            parse::duration;
        /// How many unused HTTP/1 connections are kept per egress.
        max_idle_connections: usize = "20", open "max-idle-connections", ["POLLUX_MAX_IDLE_CONNECTIONS"],
            parse::count;
    }
    section "Hosting" {
        /// Our own public address. Render sets it; with it, the gateway keeps itself awake.
        external_url: Option<String> = "", masked "external-url", ["RENDER_EXTERNAL_URL"], parse::external_url;
    }
    section "Upkeep" {
        /// How often the SQLite database is backed up: `24h`, or `off`.
        backup_every: Option<Duration> = "24h", open "backup-every", ["POLLUX_BACKUP_EVERY"], parse::every;
        /// How many backups are kept; the oldest go first.
        backup_keep: usize = "7", open "backup-keep", ["POLLUX_BACKUP_KEEP"], parse::count;
        /// Where backups go. Without it, `backups` in the data directory; another disk is better.
        backup_dir: Option<PathBuf> = "", open "backup-dir", ["POLLUX_BACKUP_DIR"], parse::optional_path;
    }
    section "Alerts" {
        /// Where alerts are posted to as JSON. From when on something is one is said in the settings.
        alert_webhook: Option<Secret> = "", secret, ["POLLUX_ALERT_WEBHOOK"], parse::hook;
        /// What signs them: `x-pollux-signature` is the HMAC-SHA-256 of the body.
        alert_webhook_secret: Option<Secret> = "", secret, ["POLLUX_ALERT_WEBHOOK_SECRET"], parse::token;
        /// A Telegram bot and whom it writes to, `TOKEN@CHAT`.
        alert_telegram: Option<(Secret, String)> = "", secret, ["POLLUX_ALERT_TELEGRAM"], parse::telegram;
        /// The webhook of a Feishu (Lark) bot.
        alert_feishu: Option<Secret> = "", secret, ["POLLUX_ALERT_FEISHU"], parse::hook;
        /// The webhook of a DingTalk bot.
        alert_dingtalk: Option<Secret> = "", secret, ["POLLUX_ALERT_DINGTALK"], parse::hook;
        /// The signing secret of the DingTalk bot, if it has one.
        alert_dingtalk_secret: Option<Secret> = "", secret, ["POLLUX_ALERT_DINGTALK_SECRET"], parse::token;
        /// The webhook of a WeCom bot.
        alert_wecom: Option<Secret> = "", secret, ["POLLUX_ALERT_WECOM"], parse::hook;
        /// Alerts by e-mail: `smtps://USER:PASSWORD@HOST:465?from=ADDRESS&to=ADDRESS,ADDRESS`, or `smtp://HOST:587?tls=required&…` for
        /// STARTTLS. What is special in user or password is percent-encoded.
        alert_email: Option<Mail> = "", secret, ["POLLUX_ALERT_EMAIL"], mail::mail;
    }
    section "Journal" {
        /// When the record of a call is forced onto the disk: `always` (before the client gets its last byte, so that not even
        /// a power cut loses it), `interval` (once a second) or `never` (when the system sees fit). A crash of the
        /// gateway loses nothing either way.
        journal_sync: Fsync = "interval", open "journal-sync", ["POLLUX_JOURNAL_SYNC"], parse::sync;
        /// How many megabytes of records may wait for a database that is away, at least 32. When there are more, no call is begun.
        journal_max_mb: u64 = "512", open "journal-max-mb", ["POLLUX_JOURNAL_MAX_MB"], parse::journal_size;
    }
    section "Logs" {
        /// What is logged: a level, or a filter such as `info,pollux::relay=debug`.
        log: String = "info", open "log", ["POLLUX_LOG"], parse::filter;
        /// How it is written: `text` or `json`.
        log_format: Format = "text", open "log-format", ["POLLUX_LOG_FORMAT"], parse::format;
        /// A file to which one JSON line is appended for each call that ended: who, when, which model, tokens, how it
        /// ended; no content, no key. `pollux replay` plays it to another pool. Without it, nothing is recorded.
        call_log: Option<PathBuf> = "", open "call-log", ["POLLUX_CALL_LOG"], parse::optional_path;
    }
    section "Traces" {
        /// The base address of an OpenTelemetry collector that takes OTLP over HTTP (`http://localhost:4318`); traces go to
        /// `/v1/traces` below it. Without it there are none, and they cost nothing.
        otlp_endpoint: Option<Uri> = "", masked "otlp-endpoint", ["OTEL_EXPORTER_OTLP_ENDPOINT"], parse::collector;
        /// Headers for the collector, `name=value` separated by commas; values may be percent-encoded.
        otlp_headers: Vec<(String, Secret)> = "", secret, ["OTEL_EXPORTER_OTLP_HEADERS"], parse::collector_headers;
        /// What the gateway is called in traces.
        service_name: String = "pollux", open "service-name", ["OTEL_SERVICE_NAME"], parse::service_name;
        /// The share of calls that are traced, from 0 to 1.
        trace_ratio: f64 = "1", open "trace-ratio", ["OTEL_TRACES_SAMPLER_ARG"], parse::share;
        /// How long finished traces wait for others to be sent with. A bare number means milliseconds.
        trace_delay: Duration = "5s", open "trace-delay", ["OTEL_BSP_SCHEDULE_DELAY"], parse::milliseconds;
        /// `on` lets a client's `traceparent` header say which trace a call belongs to, and whether it is traced. Otherwise
        /// the client's span is only linked to. The header never goes to Google.
        trust_traceparent: bool = "off", open "trust-traceparent", ["POLLUX_TRUST_TRACEPARENT"], parse::switch;
    }
}

/// Every setting there is, the fixed ones first.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    FIXED.iter().chain(LIVE)
}

/// The setting of this name.
pub(super) fn key(name: &str) -> Option<&'static Key> {
    keys().find(|key| key.name == name)
}
