//! Where Redis is, without saying its password to anybody.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionAddr, IntoConnectionInfo};

use crate::secret::Secret;

/// The address of a Redis or Valkey server. Shown, it has no password.
#[derive(Clone)]
pub struct RedisUrl {
    url: Secret,
    shown: String,
}

impl RedisUrl {
    pub(super) fn client(&self) -> Result<redis::Client, redis::RedisError> {
        redis::Client::open(self.url.expose())
    }
}

impl FromStr for RedisUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        // Valkey's own names for the same.
        let scheme = match scheme {
            "redis" | "valkey" => "redis",
            "rediss" | "valkeys" => "rediss",
            "redis+unix" | "unix" => "redis+unix",
            _ => return Err("does not begin with redis:// or rediss://".to_owned()),
        };
        if rest.contains('#') {
            // The client would leave certificates unchecked for `#insecure`.
            return Err("has a fragment, and none is understood".to_owned());
        }
        let url = format!("{scheme}://{rest}");
        let info = url.as_str().into_connection_info();
        // What the client says of it could hold the password.
        let info = info.map_err(|_| "cannot be read".to_owned())?;
        let place = match info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                format!("{host}:{port}")
            }
            ConnectionAddr::Unix(path) => path.display().to_string(),
            _ => return Err("names a kind of server that is not known here".to_owned()),
        };
        let user = info.redis_settings().username().map(|user| format!("{user}@")).unwrap_or_default();
        let shown = format!("{scheme}://{user}{place}/{}", info.redis_settings().db());
        Ok(Self { url: Secret::new(url), shown })
    }
}

impl PartialEq for RedisUrl {
    fn eq(&self, other: &Self) -> bool {
        self.url.expose() == other.url.expose()
    }
}

impl Eq for RedisUrl {}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, shown) in [
            ("redis://127.0.0.1", "redis://127.0.0.1:6379/0"),
            ("rediss://:hunter2@cache.example.com:6380/3", "rediss://cache.example.com:6380/3"),
            ("valkey://pollux:hunter2@cache/1", "redis://pollux@cache:6379/1"),
        ] {
            let url: RedisUrl = text.parse().unwrap();
            assert_eq!((url.to_string(), format!("{url:?}")), (shown.to_owned(), shown.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in
            ["localhost:6379", "http://hunter2", "rediss://hunter2@x/0#insecure", "redis://:hunter2@:x/a"]
        {
            let refused = text.parse::<RedisUrl>().unwrap_err();
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
