//! From the written text to a value, one function per kind. Each refusal says what would be right.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use pool::account::Zone;

use super::problem::Bad;
use super::{Database, UserKey};
use crate::access::{Network, TrustedProxies};
use crate::journal::Fsync;
use crate::secret::Secret;
use crate::settings::span;
use crate::shared::RedisUrl;
use crate::store::PostgresUrl;
use crate::telemetry::{Format, check_filter};
use crate::upstream::{BaseUrl, EgressProxy, HttpVersion};

pub(super) type Parsed<T> = Result<T, Bad>;

pub(super) fn listen(text: &str) -> Parsed<SocketAddr> {
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let bad = |_| Bad::new("is not an address and a port", "write for example 127.0.0.1:8000 or [::]:8000");
    numeric.as_deref().unwrap_or(text).parse().map_err(bad)
}

pub(super) fn listen_too(text: &str) -> Parsed<Option<SocketAddr>> {
    if text.is_empty() { Ok(None) } else { listen(text).map(Some) }
}

pub(super) fn path(text: &str) -> Parsed<PathBuf> {
    match text {
        "" => Err(Bad::new("is empty", "name a path")),
        text => Ok(PathBuf::from(text)),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "all parsers have one shape")]
pub(super) fn optional_path(text: &str) -> Parsed<Option<PathBuf>> {
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

pub(super) fn database(text: &str) -> Parsed<Database> {
    if text.is_empty() {
        return Ok(Database::InDataDir);
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        let address = text.parse::<PostgresUrl>().map(Database::Postgres);
        return address
            .map_err(|reason| Bad::new(reason, "write postgres://USER:PASSWORD@HOST:PORT/DATABASE"));
    }
    match text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) {
        Some(path) if !path.is_empty() && !path.contains('?') => Ok(Database::Sqlite(PathBuf::from(path))),
        _ => Err(Bad::new("is not a database address", "write postgres://… or sqlite:PATH, or leave it out")),
    }
}

pub(super) fn redis(text: &str) -> Parsed<Option<RedisUrl>> {
    if text.is_empty() {
        return Ok(None);
    }
    let way_out = "write redis://USER:PASSWORD@HOST:PORT/NUMBER, or rediss:// for TLS, or leave it out";
    text.parse().map(Some).map_err(|reason: String| Bad::new(reason, way_out))
}

/// A part of the names of keys; braces would say which part of a name places it in a cluster.
pub(super) fn redis_prefix(text: &str) -> Parsed<String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | ':');
    if !text.is_empty() && text.len() <= 64 && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(Bad::new("is not a prefix", "write up to 64 letters, digits, `-`, `_`, `.` or `:`"))
}

pub(super) fn count(text: &str) -> Parsed<usize> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Bad::new("is not a number above zero", "write digits only")),
    }
}

/// Networks and their names; none for what the hosting says.
pub(super) fn proxies_in_front(text: &str) -> Parsed<Option<Vec<Network>>> {
    match text.trim() {
        "auto" => return Ok(None),
        "" | "none" => return Ok(Some(Vec::new())),
        _ => {}
    }
    let mut networks = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        if let Some(named) = TrustedProxies::named(entry) {
            networks.extend_from_slice(named);
            continue;
        }
        let bad = |_| {
            let reason = format!("has an entry {entry:?} that is no address, no network and no known name");
            Bad::new(reason, "write for example 10.0.0.0/8, or loopback, private, cloudflare, auto or none")
        };
        networks.push(entry.parse().map_err(bad)?);
    }
    Ok(Some(networks))
}

pub(super) fn time_zone(text: &str) -> Parsed<Zone> {
    text.parse().map_err(|_| {
        Bad::new("is not a time zone", "write for example UTC, Asia/Shanghai or America/New_York")
    })
}

pub(super) fn switch(text: &str) -> Parsed<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Ok(true),
        "off" | "false" | "no" | "0" => Ok(false),
        _ => Err(Bad::new("is neither on nor off", "write on or off")),
    }
}

/// The address of somebody who is told of alerts. It holds a token, so nothing of it is shown.
pub(super) fn hook(text: &str) -> Parsed<Option<Secret>> {
    if text.is_empty() {
        return Ok(None);
    }
    let address: Option<Uri> = text.parse().ok();
    let known = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    match address.filter(known) {
        Some(_) => Ok(Some(Secret::new(text))),
        None => {
            Err(Bad::new("is not a web address", "write https://HOST/PATH, as the service gave it to you"))
        }
    }
}

/// A bot of Telegram's and whom it writes to. Nothing of it is shown.
pub(super) fn telegram(text: &str) -> Parsed<Option<(Secret, String)>> {
    if text.is_empty() {
        return Ok(None);
    }
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte))
    };
    match text.split_once('@') {
        Some((token, chat)) if plain(token) && plain(chat) => {
            let bot = Secret::new(format!("https://api.telegram.org/bot{token}"));
            Ok(Some((bot, chat.to_owned())))
        }
        _ => Err(Bad::new("is not a bot and a chat", "write TOKEN@CHAT, for example 123456:ABC@-1001234")),
    }
}

/// When the journal is forced onto the disk.
pub(super) fn sync(text: &str) -> Parsed<Fsync> {
    match text.to_ascii_lowercase().as_str() {
        "always" => Ok(Fsync::Always),
        "interval" => Ok(Fsync::Interval),
        "never" => Ok(Fsync::Never),
        _ => Err(Bad::new("is no such rule", "write always, interval or never")),
    }
}

/// Megabytes that the journal may have; segments are removed as wholes, so a few are always there.
pub(super) fn journal_size(text: &str) -> Parsed<u64> {
    match text.parse() {
        Ok(number) if number >= 32 => Ok(number),
        _ => Err(Bad::new("is not a number of megabytes from 32 on", "write digits only")),
    }
}

/// A stretch of time above zero; a bare number is seconds.
pub(super) fn duration(text: &str) -> Parsed<Duration> {
    match span(text, "s") {
        Some(span) if !span.is_zero() => Ok(span),
        _ => Err(Bad::new("is not a time above zero", "write for example 500ms, 10s, 2m or 1h")),
    }
}

/// A stretch of time, zero allowed.
pub(super) fn patience(text: &str) -> Parsed<Duration> {
    span(text, "s").ok_or_else(|| Bad::new("is not a time", "write for example 0, 500ms, 10s or 2m"))
}

/// How often something is done, or `off`.
pub(super) fn every(text: &str) -> Parsed<Option<Duration>> {
    if text == "off" {
        return Ok(None);
    }
    let bad = || Bad::new("is neither off nor at least a minute", "write for example off, 30m or 24h");
    span(text, "s").filter(|span| *span >= Duration::from_mins(1)).map(Some).ok_or_else(bad)
}

/// A number of days.
pub(super) fn days(text: &str) -> Parsed<Duration> {
    match text.strip_suffix('d').unwrap_or(text).trim().parse() {
        Ok(days @ 1..=36_500) => Ok(Duration::from_hours(24 * days)),
        _ => Err(Bad::new("is not a number of days above zero", "write for example 365")),
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|item| !item.is_empty())
}

/// Users with their keys, each key once, in the order they are written.
pub(super) fn user_keys(text: &str) -> Parsed<Vec<UserKey>> {
    let mut users: Vec<UserKey> = Vec::new();
    let entries = text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    for (index, entry) in entries.enumerate() {
        let bad = |reason| {
            Bad::new(
                format!("(number {}) {reason}", index + 1),
                "write NAME=KEY with a key of at least 16 characters",
            )
        };
        let (name, key) = entry.split_once('=').ok_or_else(|| bad("has no `=`"))?;
        let (name, key) = (name.trim(), key.trim());
        if name.is_empty() || name.chars().count() > 100 {
            return Err(bad("has no name of 1 to 100 characters before the `=`"));
        }
        if key.chars().count() < 16 || key.contains(char::is_whitespace) {
            return Err(bad("has no usable key after the `=`"));
        }
        if users.iter().any(|user| user.key.expose() == key) {
            return Err(bad("has the key of another user"));
        }
        users.push(UserKey { name: name.to_owned(), key: Secret::new(key) });
    }
    Ok(users)
}

/// Several secrets, each once, in the order they are written.
#[expect(clippy::unnecessary_wraps, reason = "all parsers have one shape")]
pub(super) fn secrets(text: &str) -> Parsed<Vec<Secret>> {
    let mut found: Vec<Secret> = Vec::new();
    for item in items(text).map(|item| item.trim_matches(['"', '\''])).filter(|item| !item.is_empty()) {
        if !found.iter().any(|known| known.expose() == item) {
            found.push(Secret::new(String::from(item)));
        }
    }
    Ok(found)
}

pub(super) fn token(text: &str) -> Parsed<Option<Secret>> {
    at_least(8, text)
}

pub(super) fn master_key(text: &str) -> Parsed<Option<Secret>> {
    at_least(16, text)
}

fn at_least(length: usize, text: &str) -> Parsed<Option<Secret>> {
    match text.chars().count() {
        0 => Ok(None),
        short if short < length => {
            let way_out = format!("use at least {length}, or leave it out to have one generated");
            Err(Bad::new(format!("has only {short} characters"), way_out))
        }
        _ => Ok(Some(Secret::new(String::from(text)))),
    }
}

pub(super) fn base_url(text: &str) -> Parsed<BaseUrl> {
    text.parse().map_err(|reason: String| Bad::new(reason, "write https://HOST, with a path if need be"))
}

pub(super) fn proxies(text: &str) -> Parsed<Vec<EgressProxy>> {
    let way_out =
        "write http://, https:// or socks5:// and HOST:PORT, with user:password@ before it if need be";
    let read = |(index, item): (usize, &str)| {
        item.parse().map_err(|reason| Bad::new(format!("(number {}) {reason}", index + 1), way_out))
    };
    items(text).enumerate().map(read).collect()
}

pub(super) fn http_version(text: &str) -> Parsed<HttpVersion> {
    match text {
        "auto" => Ok(HttpVersion::Auto),
        "1" | "1.1" => Ok(HttpVersion::Http1),
        "2" => Ok(HttpVersion::Http2),
        _ => Err(Bad::new("is not a version of HTTP spoken here", "write auto, 1 or 2")),
    }
}

/// Where traces go.
pub(super) fn collector(text: &str) -> Parsed<Option<Uri>> {
    if text.is_empty() {
        return Ok(None);
    }
    let uri = text.parse().ok().filter(|uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
    });
    let bad = || Bad::new("is not the address of a collector", "write for example http://localhost:4318");
    uri.map(Some).ok_or_else(bad)
}

/// `name=value` pairs. The values are never quoted.
pub(super) fn collector_headers(text: &str) -> Parsed<Vec<(String, Secret)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let read = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
        let name: http::HeaderName = name.trim().parse().ok()?;
        http::HeaderValue::from_str(&value).ok()?;
        Some((String::from(name.as_str()), Secret::new(String::from(value))))
    };
    let mut found = Vec::new();
    for (index, pair) in pairs.enumerate() {
        let bad = || {
            let reason = format!("(number {}) is not a header", index + 1);
            Bad::new(reason, "write name=value, separated by commas")
        };
        found.push(read(pair).ok_or_else(bad)?);
    }
    Ok(found)
}

pub(super) fn service_name(text: &str) -> Parsed<String> {
    match text.trim() {
        "" => Err(Bad::new("is empty", "write a name, such as pollux")),
        name => Ok(String::from(name)),
    }
}

/// A number from 0 to 1.
pub(super) fn share(text: &str) -> Parsed<f64> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| Bad::new("is not a number from 0 to 1", "write for example 0.1"))
}

/// A stretch of time above zero; a bare number is milliseconds, as OpenTelemetry has it.
pub(super) fn milliseconds(text: &str) -> Parsed<Duration> {
    match span(text, "ms") {
        Some(span) if !span.is_zero() => Ok(span),
        _ => Err(Bad::new("is not a time above zero", "write for example 5000, 500ms or 5s")),
    }
}

pub(super) fn external_url(text: &str) -> Parsed<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    base_url(text)?;
    Ok(Some(String::from(text.trim_end_matches('/'))))
}

pub(super) fn filter(text: &str) -> Parsed<String> {
    match check_filter(text) {
        Ok(()) => Ok(String::from(text)),
        Err(reason) => Err(Bad::new(
            format!("is not a log filter ({reason})"),
            "write a level (error, warn, info, debug, trace), or for example info,pollux::relay=debug",
        )),
    }
}

pub(super) fn format(text: &str) -> Parsed<Format> {
    match text {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(Bad::new("is not a log format", "write text or json")),
    }
}
